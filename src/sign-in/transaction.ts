/** One sign-in under way: kept by the browser, sealed, a cookie each, so that several tabs don't meet. */

import { base64url } from 'jose'
import { cookiePairs } from '../cookie-pairs.ts'
import type { Sealer } from '../session/seal.ts'

export interface Transaction {
  /** 256 random bits: what the provider gives back. */
  readonly state: string
  /** 256 random bits: nonce and code verifier are made of it. */
  readonly secret: string
  readonly provider: string
  readonly returnTo: string
  /** Seconds since the epoch. */
  readonly startedAt: number
  /** How old the sign-in at the provider may be (OpenID Connect Core section 3.1.2.1); null: any. */
  readonly maxAgeSeconds: number | null
  readonly acr: string | null
}

export const transactionSeconds = 600
/** So many tabs can sign in at once. */
export const maxTransactions = 5

/** Of the names of their cookies: eight characters of the state follow. */
export const transactionPrefix = '__Host-sign-in-sallyport-'
const stateForm = /^[\w-]{43}$/

export const makeTransaction = (
  asked: Pick<Transaction, 'provider' | 'returnTo' | 'maxAgeSeconds' | 'acr'>,
  now: number,
): Transaction => ({ state: random(), secret: random(), startedAt: Math.floor(now), ...asked })

const random = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(32)))

/** RFC 7636 section 4.1: 43 characters. */
export const verifierOf = ({ secret }: Transaction): Promise<string> => hash(`verifier\0${secret}`)
/** OpenID Connect Core section 15.5.2: nobody can guess it who hasn't the transaction. */
export const nonceOf = ({ secret }: Transaction): Promise<string> => hash(`nonce\0${secret}`)
/** RFC 7636 section 4.2: S256. */
export const challengeOf = async (transaction: Transaction): Promise<string> => hash(await verifierOf(transaction))

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return base64url.encode(new Uint8Array(digest))
}

/**
 * The `Set-Cookie` headers that hand a transaction to the browser, and take back what is more than five.
 *
 * @param self `https://app.example.com`: it opens on no other host
 */
export async function handOut(
  sealer: Sealer,
  transaction: Transaction,
  self: string,
  cookies: string,
): Promise<string[]> {
  const sealed = await sealer.seal(contextOf(self), JSON.stringify(transaction))
  const value = `${transaction.startedAt}.${sealed}`
  const older = [...transactionCookies(cookies)].sort(([, a], [, b]) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
  return [
    cookie(nameOf(transaction.state), value, transactionSeconds),
    ...older.slice(maxTransactions - 1).map(([name]) => cookie(name, '', 0)),
  ]
}

/** The `Set-Cookie` header that takes it back. */
export const takeBack = (state: string): string => cookie(nameOf(state), '', 0)

export type Found =
  | { readonly kind: 'found'; readonly transaction: Transaction }
  /** It was begun too long ago. */
  | { readonly kind: 'expired' }
  /** This browser has no such transaction, or not one that we sealed for this host. */
  | { readonly kind: 'none' }

export async function findTransaction(
  sealer: Sealer,
  state: string,
  self: string,
  cookies: string,
  now: number,
): Promise<Found> {
  const value = stateForm.test(state) ? transactionCookies(cookies).get(nameOf(state)) : undefined
  const text = value === undefined ? null : await sealer.open(contextOf(self), value.replace(/^\d+\./, ''))
  if (text === null) return { kind: 'none' }
  // what opens was written here: its shape needs no second look
  const transaction = JSON.parse(text) as Transaction
  if (transaction.state !== state) return { kind: 'none' }
  return now - transaction.startedAt >= transactionSeconds ? { kind: 'expired' } : { kind: 'found', transaction }
}

/** Name → value; a name that is there twice counts as absent. */
function transactionCookies(cookies: string): Map<string, string> {
  const found = new Map<string, string>()
  const doubled = new Set<string>()
  for (const pair of cookiePairs(cookies)) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    if (at < 0 || !name.startsWith(transactionPrefix) || !/^[\w-]{8}$/.test(name.slice(transactionPrefix.length)))
      continue
    if (found.has(name)) doubled.add(name)
    found.set(name, pair.slice(at + 1))
  }
  for (const name of doubled) found.delete(name)
  return found
}

const contextOf = (self: string): string => `sign-in\0${self}`
const nameOf = (state: string): string => transactionPrefix + state.slice(0, 8)
const cookie = (name: string, value: string, seconds: number): string =>
  `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${seconds}`
