/** A credential → the principal it belongs to, or why not. The only stage that asks anybody anything. */

import type { Refusal } from '../decision.ts'
import type { Credential, Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { BearerReader, TrustedIssuer } from './bearer.ts'
import type { RevocationReader } from './revocation.ts'
import type { SessionReader, SessionTerms } from './session.ts'
import type { WaitUntil } from './share.ts'
import { nothingSpent, type Spent } from './spent.ts'

/** @returns the principal, null for no credential, or the refusal that an invalid one earns */
export type Authenticator = (
  credential: Credential,
  terms: Terms,
  waitUntil: WaitUntil,
  spent?: Spent,
) => Promise<Result<Principal | null, Refusal>>

/** What the route asks of a credential. */
export interface Terms extends SessionTerms {
  readonly issuers: readonly TrustedIssuer[]
}

/**
 * @param sessions null where the deployment keeps none
 * @param revocations null where there is no store that could hold any
 */
export function createAuthenticator(
  bearer: BearerReader,
  sessions: SessionReader | null,
  revocations: RevocationReader | null,
): Authenticator {
  return async (credential, terms, waitUntil, spent = nothingSpent()) => {
    switch (credential.kind) {
      case 'none':
        return ok(null)
      case 'bearer': {
        const { token } = credential
        const principal = await bearer.read(token, terms.issuers, waitUntil, spent)
        if (!principal.ok || !revocations) return principal
        return revocations.check(token, principal.value, toleranceOf(principal.value, terms), terms, waitUntil, spent)
      }
      case 'session':
        if (!sessions) return err({ reason: 'store-unavailable', cause: 'no session store is configured' })
        return sessions.read(credential.cookie, terms, waitUntil, spent)
    }
  }
}

const toleranceOf = ({ issuer }: Principal, { issuers }: Terms): number =>
  Math.max(0, ...issuers.filter((other) => other.issuer === issuer).map((other) => other.clockToleranceSeconds))
