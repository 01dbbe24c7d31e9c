/** Dresses an answer in the security headers of its route. */

import type { HeaderPair } from '../head.ts'
import type { HeaderTable } from '../route/shield.ts'

/** By http these would be ignored (RFC 6797 section 7.2), or send a page's own images where nobody answers. */
const isForHttps = ([name, value]: HeaderPair): boolean =>
  name === 'strict-transport-security' || (name === 'content-security-policy' && value === 'upgrade-insecure-requests')

/**
 * @param headers what the answer has so far, names in lower case
 * @param isSecure the client came by https
 */
export function dress(headers: readonly HeaderPair[], table: HeaderTable, isSecure: boolean): HeaderPair[] {
  const dressed: HeaderPair[] = []
  for (const header of headers) if (!table.drop.has(header[0])) dressed.push(header)
  const had = dressed.length
  for (const header of table.set) if (isSecure || !isForHttps(header)) dressed.push(header)
  for (const header of table.setIfAbsent)
    if ((isSecure || !isForHttps(header)) && !has(dressed, header[0], had)) dressed.push(header)
  return dressed
}

/** Dresses an answer of the gateway's own, whose headers nobody takes away. */
export function dressOwn(headers: readonly HeaderPair[], table: HeaderTable, isSecure: boolean): HeaderPair[] {
  const had = headers.length
  const dressed = [...headers]
  for (const list of [table.set, table.setIfAbsent]) {
    for (const header of list)
      if ((isSecure || !isForHttps(header)) && !has(dressed, header[0], had)) dressed.push(header)
  }
  return dressed
}

/** Only among the first `count`: plain loops, for every answer comes through here. */
function has(headers: readonly HeaderPair[], name: string, count: number): boolean {
  for (let at = 0; at < count; at++) if (headers[at]?.[0] === name) return true
  return false
}
