/** The access token of a session, as good as it can be: refreshed before its end, and once, whoever asks at the same time. */

import { createMemory } from '../authenticate/memory.ts'
import { createShare, type WaitUntil, within } from '../authenticate/share.ts'
import type { Refusal } from '../decision.ts'
import type { AskedToken, SignInParts } from '../endpoints/sign-in.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Live } from '../session/look.ts'
import type { Contact, Contacts } from './contact.ts'
import type { Failure } from './failure.ts'
import { naming } from './fault.ts'
import { refreshTokens, revokeTokens } from './grant.ts'
import { type Entry, type Kept, type Place, placeOf } from './kept.ts'

/** What this instance knows of a token: good until its end, asked about anew from when it is due. */
interface Held {
  readonly accessToken: string
  readonly dueAt: number
  readonly goodUntil: number
}

type Got = Result<Held, Refusal>

/** Tokens are large, and a Worker's memory isn't. */
const capacity = 2_000
/** So soon a provider that failed is asked again for this session. */
const retrySeconds = 5
/** Longer than the provider is waited for: who holds the lease has given up before another may take it. */
const spareSeconds = 10
const pollMilliseconds = 100

export function createRefresh(parts: SignInParts & { readonly contacts: Contacts }) {
  const { keeper, life, providers, contacts, now, audit, timeoutMilliseconds } = parts
  const known = createMemory<Held>(capacity)
  const share = createShare<Got>(2 * timeoutMilliseconds, now)
  const bounded = <T>(work: Promise<T>): Promise<T> => within(timeoutMilliseconds, work)

  return async (asked: AskedToken, waitUntil: WaitUntil): Promise<Result<string, Refusal>> => {
    const key = `${asked.origin.name} ${asked.cookie}`
    const last = known.get(key)
    if (last && now() < last.dueAt) return ok(last.accessToken)
    try {
      const got = await share.run(key, waitUntil, () => settle(asked, waitUntil))
      if (got.ok) known.set(key, got.value)
      else known.delete(key)
      return got.ok ? ok(got.value.accessToken) : got
    } catch (error) {
      if (last && now() < last.goodUntil) return ok(last.accessToken)
      return err(unavailable(error instanceof Error ? error.name : 'unknown'))
    }
  }

  async function settle(asked: AskedToken, waitUntil: WaitUntil): Promise<Got> {
    const live = await keeper.find(asked.cookie)
    if (!live) return over
    const place = await placeOf(life, live, asked.origin)
    if (!place) return tokenless
    const patienceEnds = now() + timeoutMilliseconds / 1000
    for (;;) {
      const entry = await bounded(place.read())
      const held = entry && heldOf(entry.kept)
      if (!entry || !held) return tokenless
      if (now() < held.dueAt) return ok(held)
      const isGood = now() < held.goodUntil
      const provider = providerOf(entry.kept, asked, live)
      // without a lock a refresh token would be used twice, which is how a stolen one is told
      if (!provider || entry.kept.refreshToken === null || !life.store.promises.atomic)
        return isGood ? ok({ ...held, dueAt: held.goodUntil }) : tokenless
      if (entry.leaseUntil <= now()) {
        const contact = await naming(async () => ok(await contacts.reach(provider, waitUntil)))
        const leased = await take(place, entry).catch((error: unknown) => {
          if (isGood) return 'not now' as const
          throw error
        })
        if (leased === 'not now') return ok({ ...held, dueAt: now() + retrySeconds })
        if (leased) return refresh({ asked, live, place, provider, held }, leased, contact)
      } else if (isGood) return ok({ ...held, dueAt: now() + 1 })
      else if (entry.hasFailed || now() >= patienceEnds) return err(unavailable('the provider did not answer'))
      else await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
    }
  }

  function take(place: Place, entry: Entry): Promise<Entry | null> {
    const leaseUntil = now() + timeoutMilliseconds / 1000 + spareSeconds
    return bounded(place.change(entry, { kept: entry.kept, leaseUntil, hasFailed: false }))
  }

  async function refresh(work: Work, leased: Entry, contact: Result<Contact, Failure>): Promise<Got> {
    const { asked, live, place, provider, held } = work
    const { kept } = leased
    const askedAt = now()
    const got = contact.ok
      ? await refreshTokens(contact.value, kept.refreshToken ?? '', live.record.subject, askedAt)
      : contact
    if (got.ok) {
      const { idToken, refreshToken } = got.value
      // a provider that names no new one lets the old one serve on (RFC 6749 section 6)
      const next: Kept = {
        ...got.value,
        provider: kept.provider,
        idToken: idToken ?? kept.idToken,
        refreshToken: refreshToken ?? kept.refreshToken,
      }
      const fresh = heldOf(next)
      // what isn't written serves here alone, and until its end: the old refresh token is used up
      const isThere = await put(place, leased, next).catch(() => true)
      if (isThere) return fresh ? ok(fresh) : tokenless
      // it was signed out meanwhile: what came for it goes back
      if (contact.ok) await revokeTokens(contact.value, next)
      return over
    }
    note(asked, provider, got.error, live.record.subject)
    if (got.error.reason === 'code-refused') {
      await keeper.end(live, 'the provider refused to refresh', 'provider')
      await bounded(place.delete()).catch(() => undefined)
      return over
    }
    const again = now() + retrySeconds
    await bounded(place.change(leased, { kept, leaseUntil: again, hasFailed: true })).catch(() => null)
    return now() < held.goodUntil ? ok({ ...held, dueAt: again }) : err(unavailable(got.error.reason))
  }

  /** Once more where the store fails; false: it isn't there any more as it was read. */
  async function put(place: Place, leased: Entry, kept: Kept): Promise<boolean> {
    const write = async () => (await bounded(place.change(leased, { kept, leaseUntil: 0, hasFailed: false }))) !== null
    try {
      return await write()
    } catch {
      const there = await bounded(place.read())
      // a store that was too slow to say so may have taken it
      if (there?.kept.accessToken === kept.accessToken) return true
      return there?.text === leased.text && (await write())
    }
  }

  /** The one that gave them: another may have its name by now, and they are nothing to it. */
  function providerOf({ provider: name }: Kept, { origin }: AskedToken, { record }: Live): Provider | null {
    const provider = origin.providers.includes(name) ? providers.get(name) : undefined
    return provider?.issuer === record.issuer ? provider : null
  }

  function note({ requestId, origin }: AskedToken, provider: Provider, failure: Failure, subject: string): void {
    const { reason, ...why } = failure
    audit({
      kind: 'sign-in',
      at: now(),
      requestId,
      origin: origin.name,
      provider: provider.name,
      outcome: 'not-refreshed',
      reason,
      why,
      subject,
    })
  }
}

interface Work {
  readonly asked: AskedToken
  readonly live: Live
  readonly place: Place
  readonly provider: Provider
  readonly held: Held
}

const heldOf = ({ accessToken, dueAt, expiresAt }: Kept): Held | null =>
  accessToken === null
    ? null
    : {
        accessToken,
        dueAt: dueAt ?? Number.POSITIVE_INFINITY,
        goodUntil: expiresAt ?? Number.POSITIVE_INFINITY,
      }

const over: Got = err({ reason: 'bad-session', fault: 'ended' })
const tokenless: Got = err({ reason: 'bad-session', fault: 'without token' })
const unavailable = (cause: string): Refusal => ({ reason: 'token-unavailable', cause })
