/** `/.sallyport/sign-in`: sends a person to their provider, or asks which it is. */

import { ok } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Sealer } from '../session/seal.ts'
import { authorizationUrl } from './ask.ts'
import { callbackPath } from './callback.ts'
import type { Contacts } from './contact.ts'
import { naming } from './fault.ts'
import { chooserPage } from './pages.ts'
import { returnTarget } from './return-to.ts'
import { handOut, makeTransaction, type Transaction } from './transaction.ts'
import { redirect, type Step, type Visits } from './visit.ts'

export interface StartParts {
  readonly providers: ReadonlyMap<string, Provider>
  readonly sealer: Sealer
  readonly contacts: Contacts
  readonly visits: Visits
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function createStart({ providers, sealer, contacts, visits, now }: StartParts): Step {
  return async (here) => {
    const { origin, query, self } = here
    const returnTo = returnTarget(query.get('return_to'), self, origin.paths)
    const chosen = query.get('provider') ?? (origin.providers.length === 1 ? origin.providers[0] : null)
    const known = origin.providers.flatMap((name) => providers.get(name) ?? [])
    const provider = known.find(({ name }) => name === chosen)
    if (!provider) return chooserPage(known, returnTo, query)
    const transaction = makeTransaction({ provider: provider.name, returnTo, ...asksIn(query) }, now())
    const address = await naming(async () => {
      const { metadata, client } = await contacts.reach(provider, here.waitUntil)
      return ok(await authorizationUrl(provider, metadata, client, transaction, self + callbackPath(provider)))
    })
    if (!address.ok) return visits.fail(here, address.error, provider.name)
    return redirect(address.value, await handOut(sealer, transaction, self, here.cookies))
  }
}

/** What a rule asked of this sign-in; whoever changes it in the address is asked by the rule again. */
function asksIn(query: URLSearchParams): Pick<Transaction, 'maxAgeSeconds' | 'acr'> {
  const maxAge = query.get('max_age') ?? ''
  const acr = query.get('acr_values') ?? ''
  return {
    maxAgeSeconds: /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : null,
    acr: /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(acr) ? acr : null,
  }
}
