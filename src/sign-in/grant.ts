/** Asks a provider for new tokens in place of old ones (RFC 6749 section 6), and takes tokens back (RFC 7009). */

import * as oauth from 'oauth4webapi'
import { err, ok, type Result } from '../result.ts'
import type { Contact } from './contact.ts'
import type { Failure } from './failure.ts'
import { naming } from './fault.ts'
import { type Tokens, tokensOf } from './tokens.ts'

/**
 * @param subject whose they have to be
 * @param now seconds since the epoch
 */
export function refreshTokens(
  { metadata, client: { client, authentication, options } }: Contact,
  refreshToken: string,
  subject: string,
  now: number,
): Promise<Result<Tokens, Failure>> {
  return naming(async () => {
    const answer = await oauth.refreshTokenGrantRequest(metadata, client, authentication, refreshToken, options)
    const result = await oauth.processRefreshTokenResponse(metadata, client, answer)
    const claims = oauth.getValidatedIdTokenClaims(result)
    // OpenID Connect Core section 12.2
    if (claims && claims.sub !== subject) return err({ reason: 'code-refused', error: 'another_subject' })
    return ok(tokensOf(result, now))
  })
}

/** Where the provider takes tokens back: the refresh token, and with it what came of it (RFC 7009 section 2.1). */
export async function revokeTokens(
  { metadata, client: { client, authentication, options } }: Contact,
  { refreshToken, accessToken }: Pick<Tokens, 'refreshToken' | 'accessToken'>,
): Promise<Result<void, Failure>> {
  const token = refreshToken ?? accessToken
  if (token === null || metadata.revocation_endpoint === undefined) return ok(undefined)
  return naming(async () => {
    const hint = refreshToken === null ? 'access_token' : 'refresh_token'
    const answer = await oauth.revocationRequest(metadata, client, authentication, token, {
      ...options,
      additionalParameters: { token_type_hint: hint },
    })
    return ok(await oauth.processRevocationResponse(answer))
  })
}
