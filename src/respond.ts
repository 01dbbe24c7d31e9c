/** Decision → answer: the form it takes, and how every answer is dressed. */

import type { Refusal } from './decision.ts'
import type { Addresses } from './forward/address.ts'
import type { Plan, UpstreamHead } from './forward/forward.ts'
import { responseHeaders } from './forward/response-headers.ts'
import { type Head, type HeaderPair, selfOrigin } from './head.ts'
import { asksOf, extras, outcomeOf } from './outcome.ts'
import { pageHeaders, refusalPage, resendPage } from './page.ts'
import { compileShield } from './route/compile-shield.ts'
import type { Shield } from './route/shield.ts'
import { type Origin, type Route, withoutPort } from './route/table.ts'
import { isForSharedCaches, privateCacheControl } from './shield/cache.ts'
import { announcedMethod, corsFor, isPreflight, passesCors, preflightHeaders } from './shield/cors.ts'
import { dress, dressOwn } from './shield/headers.ts'
import { noteNonce } from './shield/nonce.ts'

/** An answer before it is a Response: `body` is null where there is none, or where it streams from the upstream. */
export interface Answer {
  readonly status: number
  /** Names in lower case; `set-cookie` one by one, last. */
  readonly headers: HeaderPair[]
  readonly body: string | null
  /** What the scripts and styles of the upstream's page are to carry: the runtime writes it in as they stream. */
  readonly nonce?: string
}

/** What an answer depends on besides what was decided. */
export interface Asked {
  readonly head: Head
  readonly route: Route | null
  readonly origin: Origin | null
  readonly requestId: string
}

/** The answer that the gateway gives in the upstream's stead. */
export function respondRefused(refusal: Refusal, asked: Asked): Answer {
  const { status, title, detail } = outcomeOf(refusal)
  const headers: [string, string][] = [
    ['x-sallyport', 'refused'],
    ['cache-control', 'no-store'],
    ...extras(refusal, asked.route, selfOrigin(asked.head)),
  ]
  if (refusal.reason === 'not-https')
    return own({ status, headers: [...headers, secureAddress(asked)], body: null }, asked)
  const signIn = status === 401 ? signInAddress(refusal, asked) : null
  if (signIn !== null && isNavigation(asked.head))
    return own({ status: 303, headers: [...headers, ['location', signIn]], body: null }, asked)
  const page = { status, title, detail, requestId: asked.requestId }
  if (signIn !== null && isOwnForm(asked.head))
    return own({ status, headers: [...headers, ...pageHeaders], body: resendPage(page, signIn) }, asked)
  if (wantsPage(asked.head.headers))
    return own({ status, headers: [...headers, ...pageHeaders], body: refusalPage(page) }, asked)
  const body = JSON.stringify({ title, status, detail, requestId: asked.requestId })
  return own({ status, headers: [...headers, ['content-type', 'application/problem+json']], body }, asked)
}

/** The answer to a preflight that is granted: 204, and what the route's CORS allows to this origin. */
export function respondPreflight(route: Route, asked: Asked): Answer {
  const isOurs = route.cors !== null && route.cors !== 'upstream'
  return own(
    { status: 204, headers: isOurs ? preflightHeaders(route.cors, asked.head.headers) : [], body: null },
    asked,
  )
}

/** The answer to an OPTIONS that was to go no further than here (RFC 9110 section 7.6.2). */
export const respondHere = (asked: Asked): Answer =>
  own({ status: 204, headers: [['allow', [...(asked.route?.methods ?? allMethods)].join(', ')]], body: null }, asked)

const allMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The upstream's answer, without what isn't its to say. */
export function respondForwarded(
  upstream: UpstreamHead,
  { isPrivate, isBare }: Pick<Plan, 'isPrivate' | 'isBare'>,
  route: Route,
  asked: Asked,
): Answer {
  const { head, requestId } = asked
  const { forwarding, origin } = route
  const shield = shieldOf(asked)
  const method = methodOf(head)
  const passes = passesCors(shield, head.headers, method)
  let headers = responseHeaders(upstream.headers, {
    passesCors: passes,
    addresses: addressesOf(head, route),
    cookies: forwarding.cookies,
    isShared: forwarding.isShared,
  })
  // an app that knows no OPTIONS answers with its page: nobody has shown that they may have it, and no browser reads it
  if (isBare) headers = headers.filter(([name]) => !ofBody.has(name))
  let caching: string | null = null
  if (isPrivate) {
    const said = headers.filter(([name]) => name === 'cache-control').map(([, value]) => value)
    caching = privateCacheControl(said.join(', '))
    headers = headers.filter(([name]) => name !== 'cache-control' && name !== 'expires' && !isForSharedCaches(name))
    headers.push(['cache-control', caching])
    // what a browser may keep it must not show to whoever signs in next
    if (!caching.includes('no-store')) headers.push(...variesBy(origin))
  }
  headers = dress(headers, shield.headers, head.scheme === 'https')
  // a table that takes the upstream's away doesn't mean ours
  if (caching !== null && !headers.some(([name]) => name === 'cache-control')) headers.push(['cache-control', caching])
  const policy = shield.headers.nonce
  const noted = policy && noteNonce(headers, policy, head.method !== 'HEAD' && !bodiless.has(upstream.status))
  if (noted) headers = noted.headers
  headers.push(['x-request-id', requestId])
  headers.push(...corsFor(shield, head.headers, method))
  const answer = { status: upstream.status, headers: joinVary(headers), body: null }
  return noted?.nonce ? { ...answer, nonce: noted.nonce } : answer
}

/** Without a getter, though few answers speak of addresses: to V8 an object written with one has a shape of its own. */
const addressesOf = (head: Head, { origin, forwarding }: Route): Addresses => ({
  self: selfOrigin(head),
  upstreams: origin.upstreams,
  prefix: forwarding.prefix,
})

/** What speaks of a body, where none follows. */
const ofBody: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-range'])

/** Statuses that have no body (Fetch section 2.2.3). */
const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304])

/** Every header of a request that an answer of this origin may depend on, beside the upstream's own list. */
const variesBy = ({ session, bearer }: Origin): [string, string][] => [
  ...(session ? ([['vary', 'Cookie']] satisfies [string, string][]) : []),
  ...(bearer.length > 0 ? ([['vary', 'Authorization']] satisfies [string, string][]) : []),
]

/** An answer of the gateway's own: nobody takes its headers away. */
function own(answer: Answer, asked: Asked): Answer {
  const { head, requestId } = asked
  const shield = shieldOf(asked)
  const headers = dressOwn(answer.headers, shield.headers, head.scheme === 'https')
  headers.push(['x-request-id', requestId])
  headers.push(...corsFor(shield, head.headers, methodOf(head)))
  return { ...answer, headers: joinVary(headers), body: head.method === 'HEAD' ? null : answer.body }
}

/** Where no host was found: nothing to inherit, so what every rule begins with. */
const homeless = compileShield({})

const shieldOf = ({ route, origin }: Asked): Shield => route ?? origin?.shield ?? homeless

/** The method that the page means: a preflight's is the one that it announces. */
const methodOf = ({ method, headers }: Head): string =>
  method === 'OPTIONS' && isPreflight(method, headers) ? (announcedMethod(headers) ?? method) : method

/** One `Vary`, each name once (RFC 9110 section 12.5.5). */
function joinVary(headers: HeaderPair[]): HeaderPair[] {
  let count = 0
  for (const [name] of headers) if (name === 'vary') count += 1
  if (count < 2) return headers
  const values = headers
    .filter(([name]) => name === 'vary')
    .flatMap(([, value]) => value.split(',').map((part) => part.trim()))
  const names = new Map(values.filter(Boolean).map((name) => [name.toLowerCase(), name]))
  const others = headers.filter(([name]) => name !== 'vary')
  return [...others, ['vary', names.has('*') ? '*' : [...names.values()].join(', ')]]
}

/** The same address by https; a port is left out, for it belongs to http (RFC 9110 section 4.2.2). */
const secureAddress = ({ head }: Asked): [string, string] => [
  'location',
  `https://${withoutPort(head.host).toLowerCase()}${head.target}`,
]

/** A person's browser that wants a page, as far as anyone can tell. */
export const isNavigation = ({ method, headers }: Pick<Head, 'method' | 'headers'>): boolean =>
  (method === 'GET' || method === 'HEAD') && wantsPage(headers)

/** Not one of another site: a browser might send it again as its own. */
function isOwnForm(head: Head): boolean {
  if (head.method !== 'POST' || !wantsPage(head.headers)) return false
  const site = head.headers.get('sec-fetch-site')
  return site === null ? head.headers.get('origin') === selfOrigin(head) : site === 'same-origin'
}

function wantsPage(headers: Head['headers']): boolean {
  if ((headers.get('sec-fetch-mode') ?? 'navigate') !== 'navigate') return false
  if ((headers.get('sec-fetch-dest') ?? 'document') !== 'document') return false
  if (headers.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest') return false
  return /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(headers.get('accept') ?? '')
}

const ownSignIn = '/.sallyport/sign-in'

/** Where to sign in, and where to come back to: a path of this host, or its whole address for another host's sign-in. */
function signInAddress(refusal: Refusal, { head, route }: Asked): string | null {
  const signIn = route?.origin.signIn
  if (!signIn) return null
  // a sign-in of somebody else's would see someone who is signed in, and send them straight back
  if (refusal.reason === 'sign-in-anew' && signIn !== ownSignIn) return null
  // what a form is sent to may be no page
  const back = isNavigation(head) && /^\/(?!\/)/.test(head.target) ? head.target : '/'
  const returnTo = signIn.startsWith('/') ? back : `${selfOrigin(head)}${back}`
  const [address = '', fragment] = signIn.split('#', 2)
  const query = `${address.includes('?') ? '&' : '?'}return_to=${encodeURIComponent(returnTo)}`
  const asks = refusal.reason === 'sign-in-anew' ? `&${new URLSearchParams(Object.fromEntries(asksOf(refusal)))}` : ''
  return `${address}${query}${asks}${fragment === undefined ? '' : `#${fragment}`}`
}
