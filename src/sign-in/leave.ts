/** The way out, once the session has ended here: gives tokens back to the provider, and sends the person there to sign out. */

import { within } from '../authenticate/share.ts'
import type { Left, SignInParts } from '../endpoints/sign-in.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Sealer } from '../session/seal.ts'
import type { Contact, Contacts } from './contact.ts'
import type { Failure } from './failure.ts'
import { makeFarewell, signedOutPath } from './farewell.ts'
import { naming } from './fault.ts'
import { revokeTokens } from './grant.ts'
import { type Kept, placeOf } from './kept.ts'
import { leavePage } from './pages.ts'

export interface LeaveParts extends SignInParts {
  readonly contacts: Contacts
  readonly sealer: Sealer
}

/** What a provider surely takes in an address. Without the hint it asks who is meant. */
const maxHintChars = 4_096

export function createLeave(parts: LeaveParts): (left: Left) => Promise<Response | null> {
  const { life, contacts, sealer, now, audit, timeoutMilliseconds } = parts
  const bounded = <T>(work: Promise<T>): Promise<T> => within(timeoutMilliseconds, work)

  return async (left) => {
    const taken = await bounded(take(left)).then<Result<Kept | null, Failure>, Result<never, Failure>>(ok, unread)
    const kept = taken.ok ? taken.value : null
    const provider = providerOf(kept, left)
    if (!provider) return null
    if (!taken.ok) note(left, provider, taken.error)
    const contact = await bounded(reach(provider)).catch(() => late)
    if (!contact.ok) note(left, provider, contact.error)
    if (!contact.ok) return null
    const revoked = kept ? await bounded(revokeTokens(contact.value, kept)).catch(() => late) : ok(undefined)
    if (!revoked.ok) note(left, provider, revoked.error)
    // it knows no way back to a host where nobody signs in with it
    const isTaken = left.isNavigation && left.origin.providers.includes(provider.name)
    const address = isTaken ? await addressAt(contact.value, provider, kept, left.self) : null
    return address === null ? null : leavePage(provider.label, address)
  }

  /** What was kept, and is no longer: whoever refreshes meanwhile finds nothing to change, and gives back what came. */
  async function take({ live, origin }: Left): Promise<Kept | null> {
    const place = await placeOf(life, live, origin)
    for (;;) {
      const entry = (await place?.read()) ?? null
      if (!place || !entry) return null
      // written anew before it is deleted: what somebody put since it was read is read again
      if (!(await place.change(entry, entry))) continue
      await place.delete()
      return entry.kept
    }
  }

  function note({ live, origin, requestId }: Left, provider: Provider, { reason, ...why }: Failure): void {
    audit({
      kind: 'sign-in',
      at: now(),
      requestId,
      origin: origin.name,
      provider: provider.name,
      outcome: 'not-told',
      reason,
      why,
      subject: live.record.subject,
    })
  }

  async function reach(provider: Provider): Promise<Result<Contact, Failure>> {
    const pending: Promise<unknown>[] = []
    const contact = await naming(async () => ok(await contacts.reach(provider, (work) => void pending.push(work))))
    await Promise.allSettled(pending)
    return contact
  }

  /** OpenID Connect RP-Initiated Logout 1.0 section 2; null where the provider has no such thing. */
  async function addressAt(
    { metadata }: Contact,
    { clientId }: Provider,
    kept: Kept | null,
    self: string,
  ): Promise<string | null> {
    if (metadata.end_session_endpoint === undefined) return null
    const url = new URL(metadata.end_session_endpoint)
    url.searchParams.set('client_id', clientId)
    if (kept?.idToken && kept.idToken.length <= maxHintChars) url.searchParams.set('id_token_hint', kept.idToken)
    url.searchParams.set('post_logout_redirect_uri', self + signedOutPath)
    // what Cognito calls it, and nobody else reads
    url.searchParams.set('logout_uri', self + signedOutPath)
    url.searchParams.set('state', await makeFarewell(sealer, self, now()))
    return url.href
  }

  /** The one that the session came from, and no other: it was begun here, or at a host that shares it. */
  function providerOf(kept: Kept | null, { live: { record }, origin }: Left): Provider | null {
    const sharers = parts.origins.filter(({ name }) => origin.sessionOptions.sharedWith.includes(name))
    const names = new Set(sharers.flatMap(({ providers }) => providers))
    const known = [...names].flatMap((name) => parts.providers.get(name) ?? [])
    const [first, another] = known.filter(
      ({ name, issuer }) => issuer === record.issuer && (!kept || name === kept.provider),
    )
    return first && !another ? first : null
  }
}

const unread = (error: unknown): Result<never, Failure> =>
  err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
const late: Result<never, Failure> = err({ reason: 'provider-unavailable', cause: 'TooSlow' })
