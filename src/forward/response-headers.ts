/** What comes back: the upstream's headers without those that aren't its to send. */

import { setsSessionCookie } from '../session/cookie.ts'
import { isCorsHeader } from '../shield/cors.ts'
import type { UpstreamHead } from './forward.ts'
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
  const connection = all.filter(([name]) => name === 'connection').map(([, value]) => value)
  const named = namedBy(connection.length > 0 ? connection.join(',') : null)
  const headers: [string, string][] = []
  for (const [name, value] of all) {
    if (hopByHop.has(name) || named?.has(name) || notTheirs.has(name)) continue
    if (!passesCors && isCorsHeader(name)) continue
    if (name.startsWith('x-sallyport') || (name === 'set-cookie' && setsSessionCookie(value))) continue
    headers.push([name, value])
  }
  return headers
}

/** As much as any server is known to send, and as every runtime can take. */
const maxHeadChars = 65_536

/** What makes a head one that can't be passed on; null for a good one. An upstream that lies is no upstream. */
export function faultInHead({ status, headers }: UpstreamHead): string | null {
  if (!Number.isInteger(status) || status < 200 || status > 599) return `status ${status}`
  let chars = 0
  for (const [name, value] of headers) {
    chars += name.length + value.length
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return 'a header name that is none'
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return `a control character in ${name}`
  }
  return chars > maxHeadChars ? 'headers without end' : null
}
