/** Sign-in vouched by the origin: reads, of an upstream's answer, whom it says has signed in or out. */

import * as z from 'zod/mini'
import { isSameSecret } from './secret.ts'
import { name } from './session.ts'

export type Vouching =
  | { readonly kind: 'none' }
  | { readonly kind: 'sign-in'; readonly who: Vouched }
  | { readonly kind: 'sign-out'; readonly everywhere: boolean }
  /** It was tried, and isn't believed: for the log. */
  | { readonly kind: 'refused'; readonly why: string }

const vouched = z.lazy(() =>
  z.strictObject({
    subject: name,
    claims: z.optional(z.record(z.string(), z.unknown())),
    roles: z.optional(z.array(z.string())),
    scopes: z.optional(z.array(z.string())),
    remember: z.optional(z.boolean()),
  }),
)

export type Vouched = z.output<typeof vouched>

const signIn = 'x-sallyport-sign-in'
const signOut = 'x-sallyport-sign-out'
const proof = 'x-sallyport-proof'
const maxChars = 16_384

/**
 * `X-Sallyport-Sign-In: <JSON in ASCII>` or `X-Sallyport-Sign-Out: this | everywhere`, and beside it
 * `X-Sallyport-Proof: secret <VOUCH_SECRET>`, or `hmac <hex>`: HMAC-SHA-256 with that secret over the request's
 * `X-Request-Id`, a line feed, and the other header's value; so that it can't be used for another request.
 *
 * @param headers names in lower case
 */
export async function readVouching(
  headers: Iterable<readonly [name: string, value: string]>,
  secret: string,
  requestId: string,
): Promise<Vouching> {
  const ours = [...headers].filter(([name]) => name === signIn || name === signOut || name === proof)
  const claims = ours.filter(([name]) => name !== proof)
  const [claim, another] = claims
  if (!claim) return { kind: 'none' }
  const proofs = ours.filter(([name]) => name === proof)
  if (another || proofs.length > 1) return { kind: 'refused', why: 'there twice' }
  const [name, value] = claim
  if (value.length > maxChars) return { kind: 'refused', why: 'too long' }
  if (!(await isProven(proofs[0]?.[1] ?? '', secret, requestId, value))) return { kind: 'refused', why: 'not proven' }
  if (name === signOut)
    return value === 'this' || value === 'everywhere'
      ? { kind: 'sign-out', everywhere: value === 'everywhere' }
      : { kind: 'refused', why: 'malformed' }
  const who = readWho(value)
  return who ? { kind: 'sign-in', who } : { kind: 'refused', why: 'malformed' }
}

async function isProven(given: string, secret: string, requestId: string, value: string): Promise<boolean> {
  const [, kind, shown = ''] = /^(secret|hmac) ([\x21-\x7e]{1,512})$/.exec(given) ?? []
  if (kind === 'secret') return isSameSecret(shown, secret)
  if (kind !== 'hmac') return false
  const text = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', text.encode(secret), algorithm, false, ['sign'])
  const mac = await crypto.subtle.sign('HMAC', key, text.encode(`${requestId}\n${value}`))
  const hex = [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return isSameSecret(shown.toLowerCase(), hex)
}

function readWho(json: string): Vouched | null {
  try {
    const read = z.safeParse(vouched, JSON.parse(json))
    return read.success ? read.data : null
  } catch {
    return null
  }
}
