/** Says who someone is in the headers that the origin understands. */

import { base64url } from 'jose'
import { claimAt, type Principal } from '../principal.ts'
import type { IdentityHeaders } from '../route/table.ts'

/**
 * The identity headers of a rule, for this principal. An absent or empty claim gives no header, and neither does
 * one that is no Unicode text: whatever it were written as could be another's.
 *
 * Values are printable ASCII. What isn't, and `%` itself, is percent-encoded UTF-8, so that two different
 * values never look the same; so is a comma inside an item of a list, and space at either end, which HTTP drops.
 * `base64url` encodes that same list whole, or a text as it is.
 */
export function identityHeaders(principal: Principal, config: IdentityHeaders): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, [from = '', ...path]] of config.headers) {
    const value = encode(select(principal, from, path), config.encoding)
    if (value !== '') headers.push([name, value])
  }
  return headers
}

function select(principal: Principal, from: string, path: readonly string[]): unknown {
  if (from === 'claims') return claimAt(principal.claims, path)
  const { subject, issuer, roles, scopes, expiresAt } = principal
  return ({ subject, issuer, roles, scopes, expiresAt } as Readonly<Record<string, unknown>>)[from]
}

function encode(value: unknown, encoding: IdentityHeaders['encoding']): string {
  const items = Array.isArray(value) ? value.map(textOf) : [textOf(value)]
  if (!items.every((item) => item.isWellFormed())) return ''
  if (encoding === 'percent') return items.map((item) => encodePercent(item, Array.isArray(value))).join(',')
  if (!Array.isArray(value)) return base64url.encode(items[0] ?? '')
  return base64url.encode(items.map((item) => item.replaceAll('%', '%25').replaceAll(',', '%2C')).join(','))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function encodePercent(text: string, isItem: boolean): string {
  // nearly every value, and with nothing to look for: all that is ever encoded stands outside of this
  if (/^[\x21-\x24\x26-\x2b\x2d-\x7e]*$/.test(text)) return text
  const odd = isItem ? /[^\x20-\x24\x26-\x2b\x2d-\x7e]+|^ +|(?<! ) +$/gu : /[^\x20-\x24\x26-\x7e]+|^ +|(?<! ) +$/gu
  return text.replace(odd, (part) => encodeURIComponent(part))
}
