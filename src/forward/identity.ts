/** Says who someone is in the headers that the origin understands. */

import { base64url } from 'jose'
import { claimAt, type Principal } from '../principal.ts'
import type { IdentityHeaders } from '../route/table.ts'

/**
 * The identity headers of a rule, for this principal. An absent or empty claim gives no header.
 *
 * Values are printable ASCII. What isn't, and `%` itself, is percent-encoded UTF-8, so that two different
 * values never look the same; so is a comma inside an item of a list, and space at either end, which HTTP drops.
 */
export function identityHeaders(principal: Principal, config: IdentityHeaders): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, [from = '', ...path]] of config.headers) {
    const text = textOf(select(principal, from, path))
    if (text !== '')
      headers.push([name, config.encoding === 'base64url' ? base64url.encode(text) : encodePercent(text)])
  }
  return headers
}

function select(principal: Principal, from: string, path: readonly string[]): unknown {
  if (from === 'claims') return claimAt(principal.claims, path)
  const { subject, issuer, roles, scopes, expiresAt } = principal
  return ({ subject, issuer, roles, scopes, expiresAt } as Readonly<Record<string, unknown>>)[from]
}

function textOf(value: unknown): string {
  if (Array.isArray(value))
    return value.map((item) => textOf(item).replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function encodePercent(text: string): string {
  const odd = /[^\x20-\x24\x26-\x7e]|^ +| +$/gu
  return odd.test(text) ? text.toWellFormed().replace(odd, (part) => encodeURIComponent(part)) : text
}
