/** What oauth4webapi throws → why nobody signed in. Names what it finds, and quotes nothing. */

import * as oauth from 'oauth4webapi'
import { err, type Result } from '../result.ts'
import type { Failure } from './failure.ts'
import { ProviderUnavailable } from './http.ts'

/** What is thrown on the way, by its name; throws what has none. */
export async function naming<T>(work: () => Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
  try {
    return await work()
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    return err(failure)
  }
}

/** null for what nobody should be able to cause. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof ProviderUnavailable) return { reason: 'provider-unavailable', cause: error.message }
  if (error instanceof oauth.AuthorizationResponseError) {
    const said = wordOf(error.error)
    return said === 'access_denied' ? { reason: 'denied', error: said } : { reason: 'provider-error', error: said }
  }
  if (error instanceof oauth.ResponseBodyError) return tokenFailure(wordOf(error.error))
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return error.status === 401 || error.status === 400
      ? { reason: 'client-refused', error: 'challenge' }
      : { reason: 'bad-answer', fault: 'challenge' }
  if (error instanceof oauth.UnsupportedOperationError) return { reason: 'bad-answer', fault: 'unsupported' }
  if (error instanceof oauth.OperationProcessingError) return operationFailure(error)
  return null
}

function tokenFailure(error: string): Failure {
  if (error === 'invalid_grant') return { reason: 'code-refused', error }
  const isOurs = error === 'invalid_client' || error === 'unauthorized_client'
  return isOurs ? { reason: 'client-refused', error } : { reason: 'provider-error', error }
}

function operationFailure(error: oauth.OperationProcessingError): Failure {
  const fault = error.code ?? 'unknown'
  if (fault === oauth.JWT_CLAIM_COMPARISON || fault === oauth.JWT_TIMESTAMP_CHECK)
    return { reason: 'bad-id-token', fault: claimOf(error) }
  if (fault === oauth.JSON_ATTRIBUTE_COMPARISON) return { reason: 'bad-userinfo', fault: 'sub' }
  if (/"iss" \(issuer\)/.test(error.message)) return { reason: 'wrong-issuer' }
  return { reason: 'bad-answer', fault }
}

function claimOf({ cause }: oauth.OperationProcessingError): string {
  const claim = typeof cause === 'object' && cause !== null && 'claim' in cause ? cause.claim : undefined
  return typeof claim === 'string' ? claim : 'unknown'
}

/** An error code as the log may have it (RFC 6749 section 5.2): a word, and not a long one. */
const wordOf = (text: string): string => (/^[\w-]{1,64}$/.test(text) ? text : 'unreadable')
