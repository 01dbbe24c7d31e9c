/** What signing in with a provider is to the gateway: plugged in where a runtime opens it, and nowhere imported. */

import type { Hono } from 'hono/tiny'
import type { KeyCache, KeyProvider } from '../authenticate/jwks.ts'
import type { Fetch } from '../authenticate/key-document.ts'
import type { Keeper } from '../keeper.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Table } from '../route/table.ts'
import type { LifeParts } from '../session/life.ts'
import type { Lifetimes } from '../session/settings.ts'
import type { Audit } from '../sign-in-entry.ts'

export interface SignInParts {
  readonly providers: ReadonlyMap<string, Provider>
  readonly table: Pick<Table, 'originOf'>
  /** For what a browser keeps while someone signs in; the first seals. */
  readonly sealingKeys: readonly Uint8Array<ArrayBuffer>[]
  readonly life: LifeParts
  readonly keeper: Keeper
  readonly lifetimes: Lifetimes
  /** Of providers: their own names, apart from those of issuers. */
  readonly keys: KeyProvider
  readonly cache?: KeyCache | undefined
  readonly fetch: Fetch
  readonly timeoutMilliseconds: number
  /** Where TLS ends in front of this process; null: as the request came. */
  readonly publicScheme: 'http' | 'https' | null
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly audit: Audit
}

export interface SignIn {
  readonly endpoints: Hono
}

export type OpenSignIn = (parts: SignInParts) => SignIn
