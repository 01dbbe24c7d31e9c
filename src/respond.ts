/** Decision → answer. The only place with status codes of the gateway's own, and where every answer is dressed. */

import type { Refusal } from './decision.ts'
import type { UpstreamHead } from './forward/forward.ts'
import { responseHeaders } from './forward/response-headers.ts'
import { type Head, selfOrigin } from './head.ts'
import { pageHeaders, refusalPage } from './page.ts'
import type { Route } from './route/table.ts'
import { privateCacheControl } from './shield/cache.ts'
import { corsFor, preflightHeaders } from './shield/cors.ts'
import { dress } from './shield/headers.ts'

/** An answer before it is a Response: `body` is null where there is none, or where it streams from the upstream. */
export interface Answer {
  readonly status: number
  /** Names in lower case; `set-cookie` one by one, last. */
  readonly headers: [string, string][]
  readonly body: string | null
}

/** What an answer depends on besides what was decided. */
export interface Asked {
  readonly head: Head
  readonly route: Route | null
  readonly requestId: string
}

/** The answer that the gateway gives in the upstream's stead. */
export function respondRefused(refusal: Refusal, asked: Asked): Answer {
  const { status, title, detail } = outcomeOf(refusal)
  const own: [string, string][] = [['x-sallyport', 'refused'], ['cache-control', 'no-store'], ...extras(refusal, asked)]
  const signIn = status === 401 && isNavigation(asked.head) ? signInAddress(asked) : null
  if (signIn !== null) return finish({ status: 303, headers: [...own, ['location', signIn]], body: null }, asked)
  if (isNavigation(asked.head)) {
    const headers: [string, string][] = [...own, ...pageHeaders]
    return finish({ status, headers, body: refusalPage({ status, title, detail, requestId: asked.requestId }) }, asked)
  }
  const body = JSON.stringify({ title, status, detail, requestId: asked.requestId })
  return finish({ status, headers: [...own, ['content-type', 'application/problem+json']], body }, asked)
}

/** The answer to a preflight: 204, and what the route's CORS allows to this origin. */
export function respondPreflight(route: Route, asked: Asked): Answer {
  const cors = route.cors
  const isAllowed =
    cors !== null && corsFor(cors, asked.head.headers).some(([name]) => name === 'access-control-allow-origin')
  const headers = cors && isAllowed ? preflightHeaders(cors, asked.head.headers) : []
  return finish({ status: 204, headers, body: null }, asked)
}

/** The upstream's answer, without what isn't its to say. */
export function respondForwarded(upstream: UpstreamHead, isPrivate: boolean, asked: Asked): Answer {
  const headers = responseHeaders(upstream.headers)
  if (!isPrivate) return finish({ status: upstream.status, headers, body: null }, asked)
  const caching = headers.filter(([name]) => name === 'cache-control').map(([, value]) => value)
  const kept = headers.filter(([name]) => name !== 'cache-control' && name !== 'expires')
  kept.push(['cache-control', privateCacheControl(caching.join(', '))])
  return finish({ status: upstream.status, headers: kept, body: null }, asked)
}

function finish(answer: Answer, { head, route, requestId }: Asked): Answer {
  const dressed = route ? dress(answer.headers, route.headers, head.scheme === 'https') : answer.headers
  const headers: [string, string][] = [...dressed, ['x-request-id', requestId]]
  for (const [name, value] of corsFor(route?.cors ?? null, head.headers)) headers.push([name, value])
  return { ...answer, headers: joinVary(headers), body: head.method === 'HEAD' ? null : answer.body }
}

/** One `Vary`, each name once (RFC 9110 section 12.5.5). */
function joinVary(headers: [string, string][]): [string, string][] {
  const values = headers
    .filter(([name]) => name === 'vary')
    .flatMap(([, value]) => value.split(',').map((part) => part.trim()))
  if (values.length === 0) return headers
  const names = new Map(values.filter(Boolean).map((name) => [name.toLowerCase(), name]))
  const others = headers.filter(([name]) => name !== 'vary')
  return [...others, ['vary', names.has('*') ? '*' : [...names.values()].join(', ')]]
}

/** A person's browser that wants a page, as far as anyone can tell. */
export function isNavigation({ method, headers }: Head): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if ((headers.get('sec-fetch-mode') ?? 'navigate') !== 'navigate') return false
  if ((headers.get('sec-fetch-dest') ?? 'document') !== 'document') return false
  if (headers.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest') return false
  return /\btext\/html\b|\bapplication\/xhtml\+xml\b/i.test(headers.get('accept') ?? '')
}

/** Where to sign in, and where to come back to: a path of this host, or its whole address for another host's sign-in. */
function signInAddress({ head, route }: Asked): string | null {
  const signIn = route?.origin.signIn
  if (!signIn) return null
  const back = /^\/(?!\/)/.test(head.target) ? head.target : '/'
  const returnTo = signIn.startsWith('/') ? back : `${selfOrigin(head)}${back}`
  const [address = '', fragment] = signIn.split('#', 2)
  const query = `${address.includes('?') ? '&' : '?'}return_to=${encodeURIComponent(returnTo)}`
  return `${address}${query}${fragment === undefined ? '' : `#${fragment}`}`
}

interface Outcome {
  readonly status: number
  readonly title: string
  /** What the caller can do next; nothing of what we know. */
  readonly detail: string
}

function outcomeOf(refusal: Refusal): Outcome {
  switch (refusal.reason) {
    case 'ambiguous-path':
      return { status: 400, title: 'Bad request', detail: 'The address can be read in more than one way.' }
    case 'malformed':
      return {
        status: 400,
        title: 'Bad request',
        detail: `The ${refusal.what} of the request is malformed, or there twice.`,
      }
    case 'too-large':
      return tooLarge[refusal.what]
    case 'method-refused':
      return { status: 405, title: 'Method not allowed', detail: 'This method is never let through.' }
    case 'no-host':
    case 'no-rule':
      return { status: 404, title: 'Not found', detail: 'There is nothing at this address.' }
    case 'no-credential':
      return { status: 401, title: 'Sign in first', detail: 'This address is for those who have signed in.' }
    case 'bad-token':
      return {
        status: 401,
        title: 'Token not accepted',
        detail: 'The Bearer token is malformed, expired, or not meant for this address.',
      }
    case 'bad-session':
      return { status: 401, title: 'Session ended', detail: 'The session has ended. Sign in again.' }
    case 'forged':
      return { status: 403, title: 'Refused', detail: 'The request was sent by another site.' }
    case 'not-allowed':
    case 'missing-scope':
      return { status: 403, title: 'Not allowed', detail: 'You are signed in, and this address is not for you.' }
    case 'store-unavailable':
    case 'keys-unavailable':
      return {
        status: 503,
        title: 'Try again shortly',
        detail: 'It cannot be checked just now who you are. You have not been signed out.',
      }
    case 'upstream-unreachable':
      return {
        status: 502,
        title: 'Bad gateway',
        detail: 'The application behind this address did not give a proper answer.',
      }
    case 'upstream-timeout':
      return {
        status: 504,
        title: 'Gateway timeout',
        detail: 'The application behind this address did not answer in time.',
      }
    case 'fault':
      return {
        status: 500,
        title: 'Internal error',
        detail: 'Something went wrong at the gateway. The request was not forwarded.',
      }
  }
}

const tooLarge: Readonly<Record<Extract<Refusal, { reason: 'too-large' }>['what'], Outcome>> = {
  target: { status: 414, title: 'Address too long', detail: 'The address is longer than is accepted here.' },
  body: { status: 413, title: 'Content too large', detail: 'The body is larger than is accepted here.' },
  authorization: {
    status: 431,
    title: 'Header too large',
    detail: 'The Authorization header is larger than is accepted here.',
  },
  cookie: { status: 431, title: 'Header too large', detail: 'The Cookie header is larger than is accepted here.' },
  headers: { status: 431, title: 'Headers too large', detail: 'The headers are larger than is accepted here.' },
}

/** Headers that a refusal brings besides those of any answer. */
function extras(refusal: Refusal, { route }: Asked): [string, string][] {
  switch (refusal.reason) {
    case 'method-refused':
      return [['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']]
    case 'store-unavailable':
    case 'keys-unavailable':
      return [['retry-after', '5']]
    case 'no-credential':
    case 'bad-session':
      return [['www-authenticate', challenge(route, [])]]
    case 'bad-token':
      return [['www-authenticate', challenge(route, [['error', 'invalid_token']])]]
    case 'missing-scope':
      return [
        [
          'www-authenticate',
          challenge(route, [
            ['error', 'insufficient_scope'],
            ['scope', refusal.scopes.join(' ')],
          ]),
        ],
      ]
    case 'malformed':
      return refusal.what === 'authorization'
        ? [['www-authenticate', challenge(route, [['error', 'invalid_request']])]]
        : []
    default:
      return []
  }
}

/** RFC 6750 section 3. A 401 owes a challenge (RFC 9110 section 11.6.1); for sessions there is no registered one. */
function challenge(route: Route | null, parameters: readonly (readonly [string, string])[]): string {
  const scheme = route && route.origin.bearer.length === 0 ? 'Session' : 'Bearer'
  return `${scheme} ${[['realm', route?.origin.name ?? 'sallyport'], ...parameters].map(([name, value]) => `${name}="${value}"`).join(', ')}`
}
