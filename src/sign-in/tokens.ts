/** The tokens that a provider gives: what its answer says of them, and until when they are good. */

import type * as oauth from 'oauth4webapi'

export interface Tokens {
  readonly idToken: string | null
  /** null where it isn't one that goes into a header as it is (RFC 6750 section 2.1). */
  readonly accessToken: string | null
  readonly refreshToken: string | null
  /** Seconds since the epoch; null where the provider doesn't say. */
  readonly expiresAt: number | null
  /** From here on a new one is asked for; null: never. */
  readonly dueAt: number | null
}

/** So long before its end a token is replaced, or in the middle of its life where that is short. */
const aheadSeconds = 60
/** Three of these, sealed, go into one value of any store (Deno KV takes 64 KiB). */
const maxTokenChars = 12_288

/** @param now seconds since the epoch, from before the provider was asked */
export function tokensOf(answer: oauth.TokenEndpointResponse, now: number): Tokens {
  const { access_token, token_type, expires_in, refresh_token, id_token } = answer
  const isBearer = token_type === 'bearer' && /^[\w.~+/-]+=*$/.test(access_token)
  return {
    idToken: fitting(id_token),
    accessToken: isBearer ? fitting(access_token) : null,
    refreshToken: fitting(refresh_token),
    expiresAt: expires_in === undefined ? null : now + expires_in,
    dueAt: expires_in === undefined ? null : now + expires_in - Math.min(aheadSeconds, expires_in / 2),
  }
}

const fitting = (token: string | undefined): string | null =>
  token !== undefined && token.length <= maxTokenChars ? token : null
