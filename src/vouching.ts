/** Does what an origin vouches for in its answer: begins or ends a session, and sets the cookie that says so. */

import type { WaitUntil } from './authenticate/share.ts'
import type { Refusal } from './decision.ts'
import type { SignIn } from './endpoints/sign-in.ts'
import type { UpstreamHead } from './forward/forward.ts'
import { type Head, selfOrigin } from './head.ts'
import type { Keeper } from './keeper.ts'
import { err, ok, type Result } from './result.ts'
import type { Route } from './route/table.ts'
import { clearCookie, readSessionCookie, setCookie } from './session/cookie.ts'
import { cookieSeconds } from './session/session.ts'
import { readVouching, type Vouched } from './session/vouched.ts'

export interface VouchingParts {
  readonly keeper: Keeper
  /** `VOUCH_SECRET` */
  readonly secret: string
  /** Gives null where nobody signs in with a provider. */
  readonly signIn: () => Pick<SignIn, 'leave'> | null
}

/** The request to whose answer the origin vouches. */
interface Answered {
  readonly route: Route
  readonly head: Head
  readonly requestId: string
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly waitUntil: WaitUntil
}

/** @returns `Set-Cookie` values for the client; an error when the store didn't take it: then the answer may not go out */
export async function actOnVouching(
  { keeper, secret, signIn }: VouchingParts,
  { headers }: UpstreamHead,
  { route, head, requestId, startedAt, waitUntil }: Answered,
): Promise<Result<readonly string[], Refusal>> {
  const { origin } = route
  const { site, sharedWith } = origin.sessionOptions
  const vouching = await readVouching(headers, secret, requestId)
  if (vouching.kind === 'none') return ok([])
  if (vouching.kind === 'refused') {
    keeper.refused(vouching.why, origin.name)
    return ok([])
  }
  const sent = readSessionCookie(head.headers.get('cookie') ?? '', site)
  const previous = sent.kind === 'value' ? sent.value : null
  try {
    if (vouching.kind === 'sign-in') {
      const made = await keeper.signIn(
        whoOf(vouching.who, origin.name, sharedWith),
        { address: head.clientAddress, userAgent: head.headers.get('user-agent') },
        previous,
        'origin',
        startedAt,
      )
      return ok([setCookie(made.cookie, site, cookieSeconds(made.record, startedAt))])
    }
    const live = previous === null ? null : await keeper.find(previous)
    if (live && vouching.everywhere) await keeper.endSubject(live.record.issuer, live.record.subject, 'origin')
    if (live) await keeper.end(live, 'sign-out', 'origin')
    // the page is the origin's to show: the provider only gets its tokens back, and nobody waits for that
    const leaving = live && signIn()?.leave({ live, origin, self: selfOrigin(head), isNavigation: false, requestId })
    if (leaving) waitUntil(leaving)
    return ok([clearCookie(site)])
  } catch (error) {
    return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
  }
}

/** An origin vouches for its own people, and to itself alone: or to those too that it shares its sessions with. */
const whoOf = (
  { remember, subject, claims, roles, scopes }: Vouched,
  origin: string,
  sharedWith: readonly string[],
) => ({
  subject,
  issuer: `origin:${origin}`,
  origins: sharedWith,
  remember,
  ...(claims && { claims }),
  ...(roles && { roles }),
  ...(scopes && { scopes }),
})

/** Headers of an upstream's answer that would vouch, on a rule where nobody may: for the log. */
export const vouchesUnasked = ({ headers }: UpstreamHead): boolean => {
  for (const [name] of headers) if (name === 'x-sallyport-sign-in' || name === 'x-sallyport-sign-out') return true
  return false
}
