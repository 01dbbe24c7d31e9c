/** Makes the plan of a forward: where to, with which headers, for how long. The body is the runtime's. */

import type { Forward, Refusal } from '../decision.ts'
import type { Head, HeaderPair } from '../head.ts'
import type { Timeouts } from '../route/forwarding.ts'
import { type Origin, type Upstream, withoutPort } from '../route/table.ts'
import { cookieNameOf } from '../session/cookie.ts'
import { isRewritten, upstreamTarget } from './address.ts'
import { isLoop, maxForwards, traceHeaders, via } from './hops.ts'
import { identityHeaders } from './identity.ts'
import { requestHeaders } from './request-headers.ts'
import { isHandshake, isSoundHandshake } from './websocket.ts'

export interface Plan extends Place {
  /** Where else it may be sent if this place can't be reached, in that order. */
  readonly others: readonly Place[]
  readonly method: string
  /** Names in lower case. */
  readonly headers: readonly HeaderPair[]
  readonly firstByteSeconds: number
  readonly timeouts: Timeouts
  /** Counted while they stream; null: as many as come. */
  readonly maxBodyBytes: number | null
  /** The answer is for one person: no shared cache may be asked, or told. */
  readonly isPrivate: boolean
  /** Neither a credential nor a body goes with it: a preflight for the upstream to answer. */
  readonly isBare: boolean
  /** A WebSocket's handshake (RFC 6455 section 4.1). */
  readonly isWebSocket: boolean
  /** Seconds since the epoch at which the credential that opened it is dead; null: nobody's. */
  readonly endsAt: number | null
}

export interface Place {
  /** Put together, never resolved: `new URL('//evil', base)` would change the host. */
  readonly url: string
  readonly upstream: Upstream
}

/** What the upstream answered, before its body. */
export interface UpstreamHead {
  readonly status: number
  /** Names in lower case; `Set-Cookie` one by one. */
  readonly headers: Iterable<HeaderPair>
}

export interface ForwardParts {
  /** True for a header that a client may not send upstream, whatever its spelling. */
  readonly isDropped: (name: string) => boolean
  /** What `Via` calls this gateway. */
  readonly name: string
  /** In which order the upstreams of an origin are to be tried. */
  readonly inOrder: (origin: Origin) => readonly Upstream[]
  /** Random hexadecimal digits, twice as many as bytes. */
  readonly random: (bytes: number) => string
}

/** What is made for this request, where the route wants it. */
export interface Made {
  /** The signed identity. */
  readonly assertion: string | null
  /** The person's own, of the provider: it goes in the place of whatever the client sent. */
  readonly accessToken: string | null
}

export function planForward(
  parts: ForwardParts,
  decision: Forward,
  head: Head,
  requestId: string,
  { assertion, accessToken }: Made,
): Plan {
  const { route, principal, isBare = false } = decision
  const { forwarding, origin } = route
  const isShared = forwarding.isShared && (head.method === 'GET' || head.method === 'HEAD')
  const isWebSocket = isHandshake(head)
  const target = upstreamTarget(decision.target, forwarding.prefix, origin)
  const ours: [string, string][] = [
    ...forwardedHeaders(head),
    ...prefixHeader(decision),
    ['via', via(head.headers.get('via'), parts.name)],
    ...traceHeaders(head.headers, parts.random),
    ['x-request-id', requestId],
  ]
  const isPersonal = !isShared && isPrivate(decision, head)
  // caches on the way are told, and workerd doesn't write `no-cache` of its own: for that Express never answers 304
  if (isPersonal) ours.push(['cache-control', withNoStore(head.headers.get('cache-control'))])
  const hops = maxForwards(head.method, head.headers)
  if (typeof hops === 'number') ours.push(['max-forwards', String(hops)])
  if (principal && route.identity) ours.push(...identityHeaders(principal, route.identity))
  // a page that gets a nonce is read on its way
  if (route.headers.nonce) ours.push(['accept-encoding', 'identity'])
  if (assertion !== null) ours.push(['x-sallyport-assertion', assertion])
  if (accessToken !== null) ours.push(['authorization', `Bearer ${accessToken}`])
  const [first, ...others] = parts.inOrder(origin).map((upstream) => ({
    url: `${baseOf(upstream, head)}${target.path}${target.search}`,
    upstream,
  }))
  if (!first) throw new TypeError('an origin has an upstream')
  return {
    ...first,
    others,
    method: head.method,
    headers: requestHeaders(head.headers, ours, {
      isDropped: parts.isDropped,
      passAuthorization: route.passAuthorization && accessToken === null,
      passedCookie: route.passSessionCookie ? cookieNameOf(origin.sessionOptions.site) : null,
      isBare: isBare || isShared,
      isPersonal,
      isRead: route.headers.nonce !== null,
    }),
    firstByteSeconds: forwarding.timeouts.firstByteSeconds,
    timeouts: forwarding.timeouts,
    maxBodyBytes: forwarding.maxBodyBytes,
    isPrivate: isPersonal,
    isBare,
    isWebSocket,
    endsAt: principal?.expiresAt ?? null,
  }
}

/** Why what was let through isn't sent on nevertheless; null where it is. */
export function refuseForward({ route }: Forward, head: Head, name: string): Refusal | null {
  const hops = head.headers.get('via')
  if (isLoop(hops, name)) return { reason: 'loop', via: hops ?? '' }
  if (isHandshake(head) && !isSoundHandshake(head)) return { reason: 'malformed', what: 'handshake' }
  const length = head.headers.get('content-length') ?? '0'
  // two of them are joined by a comma (RFC 9112 section 6.3)
  if (!/^\d{1,15}$/.test(length)) return { reason: 'malformed', what: 'length' }
  const hasBody = Number(length) > 0 || head.headers.get('transfer-encoding') !== null
  if (hasBody && isBodiless(head)) return { reason: 'malformed', what: 'body' }
  const { maxBodyBytes } = route.forwarding
  return maxBodyBytes !== null && Number(length) > maxBodyBytes ? { reason: 'too-large', what: 'body' } : null
}

/**
 * What a GET means by a body nobody says (RFC 9110 section 9.3.1), no browser sends one, and Workers and Deno can pass
 * on none: who reads the connection after us would take it for the next request.
 */
export const isBodiless = ({ method }: { readonly method: string }): boolean => method === 'GET' || method === 'HEAD'

/**
 * Whether the request carried, or could have carried, a credential: RFC 9111 section 3.5 asks the like of caches. Where
 * the answer may sign somebody in, whoever got it from a cache would be them.
 */
const isPrivate = ({ route }: Forward, { headers }: Head): boolean =>
  route.access !== 'public' || route.vouches || headers.get('authorization') !== null || headers.get('cookie') !== null

/** Ours comes first: behind a quote that nothing closes it would be part of theirs. */
const withNoStore = (theirs: string | null): string => (theirs ? `no-store, ${theirs}` : 'no-store')

/** Rules know no ports, so neither does `same-host`: the client's would choose what else listens there. */
const baseOf = (upstream: Upstream, head: Head): string =>
  upstream.kind === 'url' ? upstream.base : `${head.scheme}://${withoutPort(head.host)}`

/** From the platform's facts alone; the client's own were dropped (RFC 7239 for `Forwarded`). */
function forwardedHeaders({ scheme, host, clientAddress }: Head): [string, string][] {
  const headers: [string, string][] = [
    ['x-forwarded-proto', scheme],
    ['x-forwarded-host', host],
    ['x-forwarded-port', /:(\d+)$/.exec(host)?.[1] ?? (scheme === 'https' ? '443' : '80')],
  ]
  if (clientAddress === null) return [...headers, ['forwarded', `host="${host}";proto=${scheme}`]]
  const node = clientAddress.includes(':') ? `"[${clientAddress}]"` : clientAddress
  return [...headers, ['x-forwarded-for', clientAddress], ['forwarded', `for=${node};host="${host}";proto=${scheme}`]]
}

/** What the upstream has to put before its own paths, where a prefix was stripped off. */
function prefixHeader({ route, target }: Forward): [string, string][] {
  const { prefix } = route.forwarding
  if (!prefix || prefix.from === '' || !isRewritten(target, prefix, route.origin)) return []
  return [['x-forwarded-prefix', prefix.from]]
}
