/** Where the things of a session stand in the store: the keys, and what of them a cookie may say beforehand. */

import { base64url } from 'jose'
import type { Key } from './store.ts'

/** Makes the keys of one deployment. Everything here is a hash: who reads the store gets no usable cookie. */
export interface AddressBook {
  /** `session:` and the SHA-256 of the cookie's value. */
  session(cookie: string): Promise<Key>
  /** 22 characters of HMAC-SHA-256 over issuer, NUL, subject: where all of a subject stands. */
  place(issuer: string, subject: string): Promise<string>
  /** 11 characters of the like over the issuer alone. */
  issuerPlace(issuer: string): Promise<string>
  /** Key of what is known of something that an issuer named: the subject of its `sid`, when that was over, a `jti` that was used. */
  about(what: 'sid' | 'over' | 'logout', issuer: string, name: string): Promise<Key>
  /** Key of a token that is denied by its `jti`. */
  denied(issuer: string, jti: string): Promise<Key>
}

/** What a cookie made here says of where to look. Never believed: the record says who. */
export interface Hint {
  /** The public id, which begins with the subject's place. */
  readonly id: string
  readonly place: string
  readonly issuerPlace: string
}

const placeChars = 22
const issuerPlaceChars = 11
const idChars = placeChars + 11
/** How many known subjects and issuers are kept, so that none is hashed twice in a row. */
const capacity = 2_000

/** @param secret the key of the places; the same on every instance, and for everyone who writes sessions */
export function createAddressBook(secret: string): AddressBook {
  const text = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const importing = crypto.subtle.importKey('raw', text.encode(secret), algorithm, false, ['sign'])
  importing.catch(() => undefined)
  const known = new Map<string, string>()

  return {
    async session(cookie) {
      const digest = await crypto.subtle.digest('SHA-256', text.encode(cookie))
      return { place: hintOf(cookie)?.place ?? '', name: `session:${base64url.encode(new Uint8Array(digest))}` }
    },
    place: async (issuer, subject) => (await mac(`${issuer}\0${subject}`)).slice(0, placeChars),
    issuerPlace: async (issuer) => (await mac(issuer)).slice(0, issuerPlaceChars),
    async about(what, issuer, name) {
      const hash = await mac(`${issuer}\0${what}\0${name}`)
      return { place: `${what}-${hash.slice(0, 2)}`, name: `${what}:${hash}` }
    },
    async denied(issuer, jti) {
      const hash = await mac(`${issuer}\0jti\0${jti}`)
      return { place: `denied-${hash.slice(0, 2)}`, name: `denied:${hash}` }
    },
  }

  async function mac(message: string): Promise<string> {
    const last = known.get(message)
    if (last !== undefined) return last
    const hash = base64url.encode(
      new Uint8Array(await crypto.subtle.sign('HMAC', await importing, text.encode(message))),
    )
    if (known.size >= capacity) known.clear()
    known.set(message, hash)
    return hash
  }
}

/** `v1.<id><place of the issuer>.<random>` → its hint; null for a cookie without one. */
export function hintOf(cookie: string): Hint | null {
  const hint = cookie.split('.')[1] ?? ''
  if (hint.length !== idChars + issuerPlaceChars) return null
  return { id: hint.slice(0, idChars), place: hint.slice(0, placeChars), issuerPlace: hint.slice(idChars) }
}

/** A new public id of a session at this place. */
export const makeId = (place: string): string =>
  place + base64url.encode(crypto.getRandomValues(new Uint8Array(8))).slice(0, idChars - placeChars)

/** The subject's place that an id of our making begins with; null for an id that others made. */
export const placeOfId = (id: string): string | null => (/^[\w-]{33}$/.test(id) ? id.slice(0, placeChars) : null)

/** Key of the mark that a session has ended. Its id is the same over all values that its cookie ever had. */
export const endedKey = (place: string, id: string): Key => ({ place, name: `ended:${id}` })

/** Key of the mark that this value of a cookie was replaced by another. */
export const replacedKey = ({ place, name }: Key): Key => ({ place, name: name.replace(/^session:/, 'replaced:') })

/** Key of the not-before of a subject. */
export const notBeforeKey = (place: string): Key => ({ place, name: `not-before:${place}` })

/** Key of the not-before of everybody an issuer vouches for. */
export const issuerNotBeforeKey = (issuerPlace: string): Key => ({
  place: `issuer-${issuerPlace}`,
  name: `not-before-issuer:${issuerPlace}`,
})
