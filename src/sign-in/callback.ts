/** `/.sallyport/callback/<provider>`: makes a session of what a provider answers. */

import { createMemory } from '../authenticate/memory.ts'
import type { Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Origin } from '../route/table.ts'
import { readSessionCookie, setCookie } from '../session/cookie.ts'
import type { Sealer } from '../session/seal.ts'
import { type BeginParts, type Begun, beginSession } from './begin.ts'
import type { Contacts } from './contact.ts'
import { exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import { naming } from './fault.ts'
import { identityOf } from './identity.ts'
import { keptOf } from './keep.ts'
import { countRound, maxRounds, recentRounds } from './round.ts'
import { findTransaction, type Transaction, takeBack } from './transaction.ts'
import { redirect, type Step, type Visit, type Visits } from './visit.ts'

/** One for each provider: an answer that another one gave can't be taken for its own (RFC 9700 section 4.4.2). */
export const callbackPath = ({ name }: Pick<Provider, 'name'>): string => `/.sallyport/callback/${name}`

/** So many answers that were taken are remembered; an older one is refused by the provider (RFC 6749 section 4.1.2). */
const mostTaken = 5_000

export interface CallbackParts extends BeginParts {
  readonly origins: readonly Origin[]
  readonly sealer: Sealer
  readonly contacts: Contacts
  readonly visits: Visits
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function createCallback(parts: CallbackParts, provider: Provider): Step {
  const { sealer, contacts, visits, now } = parts
  const taken = createMemory<true>(mostTaken)
  return async (here) => {
    const { query, self, cookies, origin } = here
    if (!origin.providers.includes(provider.name)) return null
    const state = query.get('state') ?? ''
    const found = await findTransaction(sealer, state, self, cookies, now())
    if (found.kind === 'none') return visits.fail(here, { reason: 'no-transaction' }, null)
    const spent = [takeBack(state)]
    if (found.kind === 'expired') return visits.fail(here, { reason: 'transaction-expired' }, null, spent)
    const { transaction } = found
    if (transaction.provider !== provider.name)
      return visits.fail(here, { reason: 'wrong-issuer' }, transaction.provider, spent)
    const rounds = recentRounds(cookies, now())
    if (rounds.length >= maxRounds) {
      const keepsCookie = readSessionCookie(cookies, origin.sessionOptions.site).kind === 'value'
      return visits.fail(here, { reason: 'loop', keepsCookie }, provider.name, spent)
    }
    // the cookie was taken back, but who keeps it shows it again: the provider is asked about a code once
    if (taken.get(state)) return visits.fail(here, { reason: 'no-transaction' }, provider.name, spent)
    taken.set(state, true)
    const begun = await naming(() => settle(here, transaction))
    if (!begun.ok) return visits.fail(here, begun.error, provider.name, spent)
    const { cookie, subject } = begun.value
    visits.signedIn(here, provider.name, subject)
    return redirect(transaction.returnTo, [
      ...spent,
      countRound(rounds, now()),
      setCookie(cookie, origin.sessionOptions.site),
    ])
  }

  async function settle(here: Visit, transaction: Transaction): Promise<Result<Begun, Failure>> {
    const provedAt = now()
    const contact = await contacts.reach(provider, here.waitUntil)
    const known = { provider, ...contact, bearer: contacts.bearer, now, waitUntil: here.waitUntil }
    const exchanged = await exchange(known, transaction, here.query, here.self + callbackPath(provider))
    if (!exchanged.ok) return exchanged
    const { claims, tokens, scopes } = exchanged.value
    const { sharedWith } = here.origin.sessionOptions
    const origins = parts.origins.filter(({ name }) => sharedWith.includes(name))
    const kept = keptOf(tokens, provider, { ...contact, origins, isAtomic: parts.life.store.promises.atomic })
    return beginSession(parts, { ...identityOf(provider, claims), scopes }, here, kept, provedAt)
  }
}
