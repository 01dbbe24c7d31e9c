/** Lays sessions into a store, as a sign-in would. */

import { type AddressBook, createAddressBook } from '../../src/session/address.ts'
import { type MadeSession, makeSession } from '../../src/session/life.ts'
import { type NewSession, nowhere } from '../../src/session/session.ts'
import type { Key, SessionStore } from '../../src/session/store.ts'

/** With the key that a deployment has that sets none. */
export const testBook: AddressBook = createAddressBook('sallyport: not a secret')

export interface Laid extends MadeSession {
  readonly key: Key
}

/** @param now seconds since the epoch */
export async function laySession(
  store: SessionStore,
  session: Partial<NewSession> & { readonly subject: string; readonly ttlSeconds: number },
  now: number,
): Promise<Laid> {
  const { ttlSeconds, ...rest } = session
  const parts = { store, book: testBook, now: () => now }
  const made = await makeSession(
    parts,
    { issuer: 'sallyport', idleSeconds: ttlSeconds, maxSeconds: ttlSeconds, ...rest },
    nowhere,
  )
  return { ...made, key: await testBook.session(made.cookie) }
}
