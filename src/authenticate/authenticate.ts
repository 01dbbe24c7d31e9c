/** A credential → the principal it belongs to, or why not. The only stage that asks anybody anything. */

import type { Refusal } from '../decision.ts'
import type { Credential, Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { BearerReader, TrustedIssuer } from './bearer.ts'
import type { SessionReader } from './session.ts'
import type { WaitUntil } from './share.ts'

/** @returns the principal, null for no credential, or the refusal that an invalid one earns */
export type Authenticator = (
  credential: Credential,
  terms: Terms,
  waitUntil: WaitUntil,
) => Promise<Result<Principal | null, Refusal>>

/** What the route asks of a credential. */
export interface Terms {
  readonly issuers: readonly TrustedIssuer[]
  readonly freshnessSeconds: number
}

/** @param sessions null where the deployment keeps none */
export function createAuthenticator(bearer: BearerReader, sessions: SessionReader | null): Authenticator {
  return async (credential, terms, waitUntil) => {
    switch (credential.kind) {
      case 'none':
        return ok(null)
      case 'bearer':
        return bearer.read(credential.token, terms.issuers, waitUntil)
      case 'session':
        if (!sessions) return err({ reason: 'store-unavailable', cause: 'no session store is configured' })
        return sessions.read(credential.cookie, terms.freshnessSeconds, waitUntil)
    }
  }
}
