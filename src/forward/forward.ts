/** Makes the plan of a forward: where to, with which headers, for how long. The body is the runtime's. */

import type { Forward } from '../decision.ts'
import type { Head } from '../head.ts'
import type { Upstream } from '../route/table.ts'
import { identityHeaders } from './identity.ts'
import { requestHeaders } from './request-headers.ts'

export interface Plan {
  /** Put together, never resolved: `new URL('//evil', base)` would change the host. */
  readonly url: string
  readonly upstream: Upstream
  readonly method: string
  /** Names in lower case. */
  readonly headers: [string, string][]
  readonly firstByteSeconds: number
  /** The answer is for one person: no shared cache may be asked, or told. */
  readonly isPrivate: boolean
  /** Neither a credential nor a body goes with it: a preflight for the upstream to answer. */
  readonly isBare: boolean
}

/** What the upstream answered, before its body. */
export interface UpstreamHead {
  readonly status: number
  /** Names in lower case; `Set-Cookie` one by one. */
  readonly headers: Iterable<readonly [name: string, value: string]>
}

export interface ForwardParts {
  /** True for a header that a client may not send upstream, whatever its spelling. */
  readonly isDropped: (name: string) => boolean
}

/** @param assertion the signed identity, where the route wants one */
export function planForward(
  parts: ForwardParts,
  decision: Forward,
  head: Head,
  requestId: string,
  assertion: string | null,
): Plan {
  const { route, target, principal, isBare = false } = decision
  const ours: [string, string][] = [...forwardedHeaders(head), ['x-request-id', requestId]]
  if (principal && route.identity) ours.push(...identityHeaders(principal, route.identity))
  // a page that gets a nonce is read on its way
  if (route.headers.nonce) ours.push(['accept-encoding', 'identity'])
  if (assertion !== null) ours.push(['x-sallyport-assertion', assertion])
  return {
    url: `${baseOf(route.origin.upstream, head)}${target.path}${target.search}`,
    upstream: route.origin.upstream,
    method: head.method,
    headers: requestHeaders(head.headers, ours, {
      isDropped: parts.isDropped,
      passAuthorization: route.passAuthorization,
      passSessionCookie: route.passSessionCookie,
      isBare,
      isRead: route.headers.nonce !== null,
    }),
    firstByteSeconds: route.firstByteSeconds,
    isPrivate: isPrivate(decision, head),
    isBare,
  }
}

/** Whether the request carried, or could have carried, a credential: RFC 9111 section 3.5 asks the like of caches. */
const isPrivate = ({ route }: Forward, { headers }: Head): boolean =>
  route.access !== 'public' || headers.get('authorization') !== null || headers.get('cookie') !== null

const baseOf = (upstream: Upstream, head: Head): string =>
  upstream.kind === 'url' ? upstream.base : `${head.scheme}://${head.host}`

/** From the platform's facts alone; the client's own were dropped (RFC 7239 for `Forwarded`). */
function forwardedHeaders({ scheme, host, clientAddress }: Head): [string, string][] {
  const headers: [string, string][] = [
    ['x-forwarded-proto', scheme],
    ['x-forwarded-host', host],
  ]
  if (clientAddress === null) return [...headers, ['forwarded', `host="${host}";proto=${scheme}`]]
  const node = clientAddress.includes(':') ? `"[${clientAddress}]"` : clientAddress
  return [...headers, ['x-forwarded-for', clientAddress], ['forwarded', `for=${node};host="${host}";proto=${scheme}`]]
}
