/** What the claims of a verified token must hold besides: what RFC 7519 section 4.1 leaves open and we don't. */

import type { TokenFault } from '../decision.ts'
import type { Claims } from '../principal.ts'

/** The conditions of an issuer that claims alone can break. */
export interface ClaimTerms {
  readonly maxAgeSeconds: number | null
  readonly clockToleranceSeconds: number
  readonly needsNoSubject?: true
}

/** The last second of the year 9999. */
const endOfTime = 253_402_300_799
const maxSubjectChars = 1_024

/** @param now seconds since the epoch: what held a moment ago may hold no more */
export function faultInClaims(claims: Claims, terms: ClaimTerms, now: number): TokenFault | null {
  const { exp, nbf, iat, sub, cnf } = claims
  if (!isTime(exp) || (nbf !== undefined && !isTime(nbf)) || (iat !== undefined && !isTime(iat))) return 'expiry'
  if (exp <= now) return 'expired'
  const latest = now + terms.clockToleranceSeconds
  if ((iat !== undefined && iat > latest) || (nbf !== undefined && nbf > latest)) return 'not yet valid'
  if (terms.maxAgeSeconds !== null && (iat === undefined || now - iat > terms.maxAgeSeconds)) return 'too old'
  // RFC 7800: good only with a proof that its bearer has the key, and none is asked for here
  if (cnf !== undefined) return 'bound to a key'
  if (sub === undefined && terms.needsNoSubject) return null
  return typeof sub === 'string' && sub !== '' && sub.length <= maxSubjectChars ? null : 'subject'
}

const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= endOfTime
