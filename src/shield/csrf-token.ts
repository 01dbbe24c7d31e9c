/** The token for browsers too old to say where a request comes from: signed, bound to a session, submitted twice. */

import { cookiePairs } from '../cookie-pairs.ts'

export interface CsrfTokens {
  /** @param session the value of the session's cookie */
  issue(session: string): Promise<string>
  /** True for a token of this session that is not too old, and that the cookie holds too. */
  check(token: string, submitted: Submitted): Promise<boolean>
}

export interface Submitted {
  /** The value of the session's cookie. */
  readonly session: string
  /** `Cookie`, as it came. */
  readonly cookies: string
}

export const csrfCookie = '__Host-csrf-sallyport'
/** Dropped from what goes upstream, as every header of this family is. */
export const csrfHeader = 'x-sallyport-csrf'
export const csrfField = 'sallyport_csrf'

const lifeSeconds = 12 * 3600
/** `v1.<key's id>.<seconds since the epoch>.<random>.<HMAC-SHA256>`, in hexadecimal */
const form = /^v1\.([\da-f]{8})\.(\d{1,12})\.[\da-f]{32}\.([\da-f]{64})$/

/**
 * @param keys at least 32 bytes each: the first signs, all verify, so that two may live at once
 * @param now seconds since the epoch
 */
export function createCsrfTokens(keys: readonly Uint8Array<ArrayBuffer>[], now: () => number): CsrfTokens {
  const known = keys.map(importKey)
  return {
    async issue(session) {
      const [signing] = known
      if (!signing) throw new TypeError('CSRF_KEY holds no key')
      const { id, key } = await signing
      const random = hexOf(crypto.getRandomValues(new Uint8Array(16)))
      const start = `v1.${id}.${Math.floor(now())}.${random}`
      return `${start}.${hexOf(new Uint8Array(await crypto.subtle.sign('HMAC', key, signed(start, session))))}`
    },
    async check(token, { session, cookies }) {
      const [, id, issuedAt, mac] = form.exec(token) ?? []
      const twin = readCsrfCookie(cookies)
      if (id === undefined || mac === undefined || twin === null || !isEqual(token, twin)) return false
      const age = now() - Number(issuedAt)
      if (age > lifeSeconds || age < -60) return false
      const start = token.slice(0, -mac.length - 1)
      for (const importing of known) {
        const { id: other, key } = await importing
        // the platform compares, in constant time
        if (other === id && (await crypto.subtle.verify('HMAC', key, bytesOf(mac), signed(start, session)))) return true
      }
      return false
    },
  }
}

/** True while at least half of its life is left: then it is handed out again, so that two tabs don't quarrel. */
export function isYoung(token: string, now: number): boolean {
  const issuedAt = form.exec(token)?.[2]
  return issuedAt !== undefined && now - Number(issuedAt) < lifeSeconds / 2
}

/** The token that the cookie holds, or null: not there, or there twice. */
export function readCsrfCookie(cookies: string): string | null {
  const values = cookiePairs(cookies).filter((pair) => pair.startsWith(`${csrfCookie}=`))
  return values.length === 1 ? (values[0]?.slice(csrfCookie.length + 1) ?? null) : null
}

/** A script of the page reads it, so it isn't HttpOnly; by itself it opens nothing. */
export const setCsrfCookie = (token: string): string =>
  `${csrfCookie}=${token}; Path=/; Secure; SameSite=Lax; Max-Age=${lifeSeconds}`

/** The session's value has no line break, so nothing can move from one part to the next. */
const signed = (start: string, session: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`sallyport csrf\n${start}\n${session}`)

type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<{ id: string; key: HmacKey }> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
  return { id: hexOf(digest.slice(0, 4)), key }
}

/** As long for a difference at the start as for one at the end. */
function isEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at % other.length)
  return difference === 0
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
