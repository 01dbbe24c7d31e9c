/** Dresses an answer in the security headers of its route. */

import type { HeaderTable } from '../route/shield.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

/**
 * @param headers what the answer has so far, names in lower case
 * @param isSecure the client came by https: HSTS is for it alone (RFC 6797 section 7.2)
 */
export function dress(headers: [string, string][], table: HeaderTable, isSecure: boolean): [string, string][] {
  const replaced = new Set(table.set.map(([name]) => name))
  const dressed = headers.filter(([name]) => !table.remove.has(name) && !replaced.has(name))
  const present = new Set(dressed.map(([name]) => name))
  for (const [name, value] of table.set)
    if (isSecure || name !== 'strict-transport-security') dressed.push([name, value])
  for (const [name, value] of table.setIfAbsent) {
    if (!present.has(name) && (isSecure || name !== 'strict-transport-security')) dressed.push([name, value])
  }
  return dressed
}
