/** Reads, and does not judge, the credential a request carries. */

import type { Refusal } from '../decision.ts'
import type { Credential } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import { readSessionCookie } from '../session/cookie.ts'

/** The kinds of credential an origin takes, and whether `Authorization` may be meant for the upstream. */
export interface Taken {
  readonly session: boolean
  /** The domain whose hosts share a cookie; null: the host has its own. */
  readonly site: string | null
  /** `any`: tokens that are no JWT, too. */
  readonly bearer: false | 'jwt' | 'any'
  readonly passAuthorization: boolean
}

export const maxTokenBytes = 8_192
export const maxCookieBytes = 16_384

/**
 * A Bearer token decides alone; only without one is the cookie looked at. What is there and can't be read
 * is refused: an invalid credential never counts as none.
 */
export function readCredential(
  headers: { get(name: string): string | null },
  taken: Taken,
): Result<Credential, Refusal> {
  const authorization = taken.bearer ? headers.get('authorization') : null
  if (authorization !== null && !(taken.passAuthorization && isOtherScheme(authorization)))
    return readBearer(authorization, taken.bearer === 'any')
  const cookies = taken.session ? headers.get('cookie') : null
  return cookies === null ? ok({ kind: 'none' }) : readSession(cookies, taken.site)
}

/** Another scheme, and nothing that a server could take for a Bearer token behind the comma of two joined headers. */
const isOtherScheme = (authorization: string): boolean => !/(?:^|,)\s*bearer\b/i.test(authorization)

/** RFC 7515 section 3.1: three parts of base64url, one spelling of each. Without padding, `+`, `/` or `~`. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]*$/
/** RFC 6750 section 2.1: what a Bearer token may be made of. */
const token68 = /^[\w.~+/-]+=*$/

/** RFC 6750 section 2.1: `Bearer`, one space, one token; exactly so. */
function readBearer(authorization: string, takesOpaque: boolean): Result<Credential, Refusal> {
  if (authorization.length > maxTokenBytes + 7) return err({ reason: 'too-large', what: 'authorization' })
  // two Authorization headers arrive as one, joined by a comma: which a token can't contain
  if (authorization.includes(',')) return err({ reason: 'malformed', what: 'authorization' })
  if (!authorization.startsWith('Bearer ')) return err({ reason: 'bad-token', fault: 'scheme' })
  const token = authorization.slice(7)
  // the form alone decides: what looks like a JWT is verified, and its issuer isn't asked
  if (compact.test(token)) return ok({ kind: 'bearer', token })
  const isOpaque = takesOpaque && token68.test(token)
  return isOpaque ? ok({ kind: 'opaque', token }) : err({ reason: 'bad-token', fault: 'malformed' })
}

function readSession(cookies: string, site: string | null): Result<Credential, Refusal> {
  if (cookies.length > maxCookieBytes) return err({ reason: 'too-large', what: 'cookie' })
  const read = readSessionCookie(cookies, site)
  if (read.kind === 'none') return ok({ kind: 'none' })
  if (read.kind === 'ambiguous') return err({ reason: 'malformed', what: 'cookie' })
  return read.kind === 'malformed'
    ? err({ reason: 'bad-session', fault: 'malformed' })
    : ok({ kind: 'session', cookie: read.value })
}
