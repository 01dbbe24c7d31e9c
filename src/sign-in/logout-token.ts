/** Reads the logout token of a provider (OpenID Connect Back-Channel Logout 1.0): who may have sent it, and what it says. */

import { decodeJwt, decodeProtectedHeader, errors } from 'jose'
import type { Claims } from '../principal.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Over } from './over.ts'

/** What a logout token that holds says. */
export interface Told extends Over {
  readonly jti: string
}

const event = 'http://schemas.openid.net/event/backchannel-logout'
const maxBodyBytes = 65_536
const maxNameChars = 1_024
/** RFC 8417 section 2.3, or what providers wrote before it was asked for; an access token has another. */
const types: readonly unknown[] = ['logout+jwt', 'application/logout+jwt', 'JWT', undefined]

/** The one `logout_token` of a form; null for anything else. */
export async function readToken(request: Request): Promise<string | null> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type)) return null
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) return null
    text += decoder.decode(chunk, { stream: true })
  }
  const tokens = new URLSearchParams(text).getAll('logout_token')
  return tokens.length === 1 ? (tokens[0] ?? null) : null
}

/** By the unverified `iss` and `aud`: verification then proves both. */
export function senderOf(token: string, providers: readonly Provider[]): Provider | undefined {
  try {
    if (!types.includes(decodeProtectedHeader(token).typ)) return undefined
    const { iss, aud } = decodeJwt(token)
    const named = providers.filter(({ issuer }) => issuer === iss)
    return named.find(({ clientId }) => [aud].flat().includes(clientId)) ?? named[0]
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}

/**
 * Section 2.6, after what every token must hold.
 *
 * @returns what it says, or the claim that doesn't hold
 */
export function readTold(claims: Claims): Told | string {
  const { jti, sub, sid, events, nonce } = claims
  if (nonce !== undefined) return 'nonce'
  if (typeof jti !== 'string' || jti === '' || jti.length > maxNameChars) return 'jti'
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, event)
  const what = isLogout ? (events as Record<string, unknown>)[event] : null
  if (typeof what !== 'object' || what === null) return 'events'
  if (sid !== undefined && !isSid(sid)) return 'sid'
  if (sub === undefined && sid === undefined) return 'subject'
  return { jti, subject: typeof sub === 'string' ? sub : null, sid: isSid(sid) ? sid : null }
}

/** A provider's name for a session of its own. */
export const isSid = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= maxNameChars
