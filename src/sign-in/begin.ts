/** Begins the session of someone who has just signed in, and ends the one that their browser had before. */

import { within } from '../authenticate/share.ts'
import type { Keeper } from '../keeper.ts'
import { err, ok, type Result } from '../result.ts'
import type { Origin } from '../route/table.ts'
import { readSessionCookie } from '../session/cookie.ts'
import type { LifeParts, MadeSession } from '../session/life.ts'
import { readMark } from '../session/marks.ts'
import type { Lifetimes } from '../session/settings.ts'
import { StoreFault } from '../session/store.ts'
import type { Failure } from './failure.ts'
import type { SignedIn } from './identity.ts'
import { type Kept, makeSecret, placeOf } from './kept.ts'
import type { Visit } from './visit.ts'

export interface BeginParts {
  readonly keeper: Keeper
  readonly life: LifeParts
  readonly lifetimes: Lifetimes
  readonly timeoutMilliseconds: number
}

export interface Begun {
  /** What the cookie holds: a new value each time, whatever the browser had. */
  readonly cookie: string
  readonly subject: string
}

/** @param provedAt seconds since the epoch, from before the provider was asked: whoever ended all since then meant this one too */
export async function beginSession(
  { keeper, life, lifetimes, timeoutMilliseconds }: BeginParts,
  identity: SignedIn & { readonly scopes: readonly string[] },
  { cookies, from, origin }: Pick<Visit, 'cookies' | 'from' | 'origin'>,
  kept: Kept | null,
  provedAt: number,
): Promise<Result<Begun, Failure>> {
  const { sharedWith } = origin.sessionOptions
  try {
    const { sid } = identity.claims
    if (typeof sid === 'string') await within(timeoutMilliseconds, knowSid(life, identity, sid, lifetimes.maxSeconds))
    // another origin may trust other providers: carried there by hand, the cookie opens nothing
    const who = { ...identity, origins: sharedWith, ...(kept && { secret: makeSecret() }) }
    const made = await keeper.signIn(who, from, null, 'gateway', provedAt)
    if (kept) await within(timeoutMilliseconds, keepTokens(life, made, origin, kept))
    await endPrevious(keeper, life, cookies, origin)
    if (typeof sid === 'string' && (await within(timeoutMilliseconds, isOver(life, identity.issuer, sid, provedAt))))
      await keeper.endById(made.record.id, identity, 'provider')
    return ok({ cookie: made.cookie, subject: identity.subject })
  } catch (error) {
    return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
  }
}

/** A provider may end its session by this name alone (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
async function knowSid(life: LifeParts, { issuer, subject }: SignedIn, sid: string, seconds: number): Promise<void> {
  await life.store.write(await life.book.about('sid', issuer, sid), subject, seconds)
}

/** Whoever ended it looked for the session too early to find it. */
async function isOver({ store, book }: LifeParts, issuer: string, sid: string, provedAt: number): Promise<boolean> {
  const [mark] = await store.read([await book.about('over', issuer, sid)])
  const overAt = readMark(mark)
  return overAt !== null && overAt >= provedAt
}

/** Before anybody gets the cookie: whoever has it has the tokens too. */
async function keepTokens(life: LifeParts, made: MadeSession, origin: Origin, kept: Kept): Promise<void> {
  const place = await placeOf(life, made, origin)
  if (!(await place?.change(null, { kept, leaseUntil: 0, hasFailed: false }))) throw new StoreFault('tokens not kept')
}

/** Ended at once, with no grace for requests in flight: a value that somebody planted must not live on. */
async function endPrevious(keeper: Keeper, life: LifeParts, cookies: string, origin: Origin): Promise<void> {
  const reading = readSessionCookie(cookies, origin.sessionOptions.site)
  const previous = reading.kind === 'value' ? await keeper.find(reading.value) : null
  if (!previous) return
  await keeper.end(previous, 'signed in anew', 'gateway')
  // nobody can open them any more; what they stand for at the provider may be what the new ones stand for
  await (await placeOf(life, previous, origin))?.delete().catch(() => undefined)
}
