/** What comes back: the upstream's headers without those that aren't its to send. */

import { setsSessionCookie } from '../session/cookie.ts'
import { isCorsHeader } from '../shield/cors.ts'
import { hopByHop, namedBy } from './request-headers.ts'

/** They speak of the upstream's own address, or in the gateway's name. */
const notTheirs: ReadonlySet<string> = new Set(['alt-svc', 'x-request-id'])

/**
 * @param theirs names in lower case; `Set-Cookie` one by one
 * @param passesCors the upstream speaks for itself about who may read
 */
export function responseHeaders(
  theirs: Iterable<readonly [name: string, value: string]>,
  passesCors: boolean,
): [string, string][] {
  const all = [...theirs]
  const named = namedBy(all.find(([name]) => name === 'connection')?.[1] ?? null)
  const headers: [string, string][] = []
  for (const [name, value] of all) {
    if (hopByHop.has(name) || named?.has(name) || notTheirs.has(name)) continue
    if (!passesCors && isCorsHeader(name)) continue
    if (name.startsWith('x-sallyport') || (name === 'set-cookie' && setsSessionCookie(value))) continue
    headers.push([name, value])
  }
  return headers
}
