/** Takes somebody's word for who they are: for `sallyport explain --as` alone. Nothing on the path of a request may import it. */

import type { Refusal } from '../decision.ts'
import type { Credential, Identity, Principal } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { Authenticator, Terms } from './authenticate.ts'
import { principalOf } from './bearer.ts'
import { vouchFor } from './vouch.ts'

/** Whose word is taken: claims as a token of an issuer has them, or an identity as a session has it. */
export type Supposed =
  | { readonly kind: 'bearer'; readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string } }
  | { readonly kind: 'session'; readonly identity: Omit<Identity, 'kind'> }

/**
 * An authenticator that believes one credential, a stand-in made for this one question, and refuses every other.
 *
 * @param standIn what the supposed request carries: to be believed it must get through decide() like any other
 */
export function createSupposingAuthenticator(
  supposed: Supposed,
  standIn: Exclude<Credential, { kind: 'none' }>,
): Authenticator {
  return async (credential, terms) => {
    if (credential.kind === 'none') return ok(null)
    if (!isSame(credential, standIn))
      return err({ reason: 'store-unavailable', cause: 'another credential is supposed' })
    return suppose(supposed, terms)
  }
}

const isSame = (a: Credential, b: Credential): boolean =>
  (a.kind === 'bearer' && b.kind === 'bearer' && a.token === b.token) ||
  (a.kind === 'session' && b.kind === 'session' && a.cookie === b.cookie)

function suppose(supposed: Supposed, { issuers }: Terms): Result<Principal, Refusal> {
  if (supposed.kind === 'session') return ok(vouchFor({ ...supposed.identity, kind: 'session' }))
  const { claims } = supposed
  const issuer = 'iss' in claims ? issuers.find((known) => known.issuer === claims['iss']) : issuers[0]
  return issuer ? ok(principalOf(claims, issuer)) : err({ reason: 'bad-token', fault: 'issuer' })
}
