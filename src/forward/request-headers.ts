/** What goes upstream: the client's headers without those that aren't its to send, then ours, last. */

import type { HeaderBag, HeaderPair } from '../head.ts'
import { cutSessionCookie } from '../session/cookie.ts'
import { notForPages } from '../shield/nonce.ts'
import { speaksForConnection } from './connection-auth.ts'

/** RFC 9110 section 7.6.1, and what older servers take for the like. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Of another method than the request's, or, for COPY and MOVE (RFC 4918 section 10.3), of a second path, which no rule has judged. */
const others: readonly string[] = ['destination', 'x-http-method', 'x-http-method-override', 'x-method-override']

/** Claims that only a gateway may make, by their folded name: who, whence, and which other path, method or file is meant. */
const notTheirs: readonly string[] = [
  'forwarded',
  'via',
  'max-forwards',
  'traceparent',
  'tracestate',
  'host',
  'expect',
  'proxy',
  'remote-user',
  'remote-addr',
  'auth-user',
  'auth-type',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'fastly-client-ip',
  'x-azure-clientip',
  'x-remote-ip',
  'x-remote-addr',
  'x-forwarded',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'script-name',
  'x-script-name',
  // of a certificate that was shown to nobody here (RFC 9440 section 2.4)
  'client-cert',
  'client-cert-chain',
  'x-client-cert',
  'x-arr-clientcert',
  // by these Rails and Symfony let the server before them send files of its own
  'x-sendfile-type',
  'x-accel-mapping',
  'client-ip',
  'x-host',
  'x-request-id',
  'x-middleware-subrequest',
  ...others,
]
const notTheirFamilies =
  /^(?:x-forwarded-|x-original-|x-rewrite-|x-envoy-|x-ssl-|ssl-client-|x-sallyport|cf-|sec-websocket-accept$)/

/** How CGI, WSGI and servlets see a name: case gone, and everything that is no letter or digit the same. */
export const foldName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-')

/** True for a header that names another path or method than the request itself: whoever can't drop it must not send it on. */
export const namesAnother = (name: string): boolean => others.includes(foldName(name))

/** @param identityNames every header that any origin of this gateway takes for an identity */
export function createNameFilter(identityNames: Iterable<string>): (name: string) => boolean {
  const dropped = new Set([...notTheirs, ...identityNames].map(foldName))
  const verdicts = new Map<string, boolean>()
  return (name) => {
    const before = verdicts.get(name)
    if (before !== undefined) return before
    const folded = foldName(name)
    const verdict = dropped.has(folded) || notTheirFamilies.test(folded)
    // who makes up names makes us forget the usual ones, and no more than that
    if (verdicts.size >= maxVerdicts) verdicts.clear()
    if (name.length <= maxVerdictChars) verdicts.set(name, verdict)
    return verdict
  }
}

/** The same few names come with each request. */
const maxVerdicts = 500
const maxVerdictChars = 64

export interface RequestHeaderRules {
  readonly isDropped: (name: string) => boolean
  readonly passAuthorization: boolean
  /** The name of the one cookie of ours that passes; null: none does. */
  readonly passedCookie: string | null
  /** No credential goes with it, whatever else passes. */
  readonly isBare: boolean
  /** The answer is for one person: what caches are told is among ours. */
  readonly isPersonal: boolean
  /** The answer is read here: it must come whole, and as it is. */
  readonly isRead: boolean
}

/**
 * What isn't changed stays the very same pair.
 *
 * @param ours set after the client's are gone, so that nothing of the client's can remove or double them
 */
export function requestHeaders(
  theirs: HeaderBag,
  ours: readonly HeaderPair[],
  rules: RequestHeaderRules,
): HeaderPair[] {
  const named = namedBy(theirs.get('connection'))
  const headers: HeaderPair[] = []
  for (const header of theirs) {
    const name = header[0]
    const value = header[1]
    if (hopByHop.has(name) || named?.has(name) || rules.isDropped(name)) continue
    if (name === 'authorization' && (!rules.passAuthorization || speaksForConnection(value))) continue
    if (name === 'cache-control' && rules.isPersonal) continue
    if (rules.isBare && credentials.has(name)) continue
    if (rules.isRead && notForPages.has(name)) continue
    const kept = name === 'cookie' ? cutSessionCookie(value, rules.passedCookie) : value
    if (kept !== null) headers.push(kept === value ? header : [name, kept])
  }
  for (const header of ours) headers.push(header)
  return headers
}

const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie'])

/** The names that a `Connection` header lists, or null. */
export function namedBy(connection: string | null): ReadonlySet<string> | null {
  if (connection === null || /^(?:keep-alive|close)$/i.test(connection)) return null
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}
