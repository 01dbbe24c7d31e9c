/** How providers are spoken to: what each says of itself, and this gateway as its client. */

import type * as oauth from 'oauth4webapi'
import { type BearerReader, createBearerReader } from '../authenticate/bearer.ts'
import type { Fetch } from '../authenticate/key-document.ts'
import type { WaitUntil } from '../authenticate/share.ts'
import type { SignInParts } from '../endpoints/sign-in.ts'
import type { Provider } from '../route/compile-provider.ts'
import { clientOf, type ProviderClient } from './client.ts'
import { createDirectory } from './directory.ts'
import { createProviderFetch } from './http.ts'

export interface Contact {
  readonly metadata: oauth.AuthorizationServer
  readonly client: ProviderClient
}

export interface Contacts {
  /** Reads what providers sign, by their keys. */
  readonly bearer: BearerReader
  /** Bounded in time and size. */
  readonly fetch: Fetch
  /** Throws what `failureOf` can name. */
  reach(provider: Provider, waitUntil: WaitUntil): Promise<Contact>
}

export function createContacts({ keys, cache, fetch: ask, now, timeoutMilliseconds }: SignInParts): Contacts {
  const fetch = createProviderFetch(ask, timeoutMilliseconds)
  const directory = createDirectory({ fetch, now, timeoutMilliseconds, cache })
  return {
    bearer: createBearerReader(keys, now),
    fetch,
    async reach(provider, waitUntil) {
      const metadata = await directory.metadata(provider, waitUntil)
      return { metadata, client: await clientOf(provider, metadata, fetch, now()) }
    },
  }
}
