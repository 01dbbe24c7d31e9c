/** What only the cookie's holder may open: sealed under a key that is made of the cookie, which no store ever sees. */

import { createSealer, type Sealer } from './seal.ts'

/** @param id of the session: what was sealed in one opens in no other */
export const sealFor = async (cookie: string, id: string, secret: string): Promise<string> =>
  (await sealerOf(cookie)).seal(contextOf(id), secret)

/** null for what wasn't sealed with this cookie, in this session. */
export const openFor = async (cookie: string, id: string, sealed: string): Promise<string | null> =>
  (await sealerOf(cookie)).open(contextOf(id), sealed)

/** HKDF (RFC 5869): of the cookie's hash, by which the store finds it, nobody gets to this. */
async function sealerOf(cookie: string): Promise<Sealer> {
  const text = new TextEncoder()
  const key = await crypto.subtle.importKey('raw', text.encode(cookie), 'HKDF', false, ['deriveBits'])
  const made = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: text.encode('sallyport session secret') }
  return createSealer([new Uint8Array(await crypto.subtle.deriveBits(made, key, 256))])
}

const contextOf = (id: string): string => `session\0${id}`
