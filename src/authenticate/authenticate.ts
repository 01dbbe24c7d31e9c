/** A credential → the principal it belongs to, or why not. The only stage that asks anybody anything. */

import type { Refusal } from '../decision.ts'
import type { Credential, Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { TrustedIssuer } from './bearer.ts'
import type { OpaqueReader } from './opaque.ts'
import type { RevocationReader } from './revocation.ts'
import type { SessionReader, SessionTerms } from './session.ts'
import type { WaitUntil } from './share.ts'
import { nothingSpent, type Spent } from './spent.ts'
import type { TokenReader } from './token-memory.ts'

type Authenticated = Result<Principal | null, Refusal>

/**
 * @returns the principal, null for no credential, or the refusal that an invalid one earns; a promise only where
 *   somebody has to be asked, or something verified
 */
export type Authenticator = (
  credential: Credential,
  terms: Terms,
  waitUntil: WaitUntil,
  spent?: Spent,
) => Authenticated | Promise<Authenticated>

/** What the route asks of a credential. */
export interface Terms extends SessionTerms {
  readonly issuers: readonly TrustedIssuer[]
}

/**
 * @param sessions null where the deployment keeps none
 * @param revocations null where there is no store that could hold any
 */
export function createAuthenticator(
  tokens: TokenReader,
  opaque: OpaqueReader,
  sessions: SessionReader | null,
  revocations: RevocationReader | null,
): Authenticator {
  return (credential, terms, waitUntil, spent = nothingSpent()) => {
    switch (credential.kind) {
      case 'none':
        return nobody
      case 'bearer': {
        const { token } = credential
        const read = tokens.read(token, terms.issuers, waitUntil, spent)
        return read instanceof Promise
          ? read.then((later) => standing(later, token, terms, waitUntil, spent))
          : standing(read, token, terms, waitUntil, spent)
      }
      case 'opaque':
        return opaque.read(credential.token, terms, waitUntil, spent).then((read) =>
          // it doesn't say whose it is: what is known of it at one issuer is nothing to another
          standing(read, `${read.ok ? read.value.issuer : ''}\0${credential.token}`, terms, waitUntil, spent),
        )
      case 'session':
        if (!sessions) return err({ reason: 'store-unavailable', cause: 'no session store is configured' })
        return sessions.read(credential.cookie, terms, waitUntil, spent)
    }
  }

  function standing(
    read: Result<Principal, Refusal>,
    token: string,
    terms: Terms,
    waitUntil: WaitUntil,
    spent: Spent,
  ): Authenticated | Promise<Authenticated> {
    if (!read.ok || !revocations) return read
    return revocations.check(token, read.value, toleranceOf(read.value, terms), terms, waitUntil, spent)
  }
}

const nobody = ok(null)

function toleranceOf({ issuer }: Principal, { issuers }: Terms): number {
  let most = 0
  for (const other of issuers) if (other.issuer === issuer) most = Math.max(most, other.clockToleranceSeconds)
  return most
}
