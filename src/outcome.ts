/** What a refusal is to the outside: the only place with status codes of the gateway's own. */

import type { Refusal } from './decision.ts'
import { resourceMetadataPath } from './route/resource.ts'
import type { Route } from './route/table.ts'

export interface Outcome {
  readonly status: number
  readonly title: string
  /** What the caller can do next; nothing of what we know. */
  readonly detail: string
}

/** Switches without `default`: a reason that is new fails to compile here. */
export function outcomeOf(refusal: Refusal): Outcome {
  switch (refusal.reason) {
    case 'ambiguous-path':
      return { status: 400, title: 'Bad request', detail: 'The address can be read in more than one way.' }
    case 'malformed':
      return { status: 400, title: 'Bad request', detail: malformed(refusal.what) }
    case 'too-large':
      return tooLarge[refusal.what]
    case 'method-refused':
      return { status: 405, title: 'Method not allowed', detail: 'This method is never let through.' }
    case 'not-https':
      return { status: 308, title: 'Moved to https', detail: 'This address is served by https only.' }
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
    case 'cross-origin':
      return { status: 403, title: 'Refused', detail: 'Pages of this origin may not send such a request here.' }
    case 'sign-in-anew':
      return {
        status: 401,
        title: 'Sign in again',
        detail: 'This address asks for a newer, or a stronger, sign-in than yours. Sign in again.',
      }
    case 'not-allowed':
    case 'missing-scope':
      return { status: 403, title: 'Not allowed', detail: 'You are signed in, and this address is not for you.' }
    case 'token-unavailable':
      return {
        status: 503,
        title: 'Try again shortly',
        detail: 'The sign-in service does not answer just now. You have not been signed out.',
      }
    case 'store-unavailable':
    case 'keys-unavailable':
    case 'issuer-unavailable':
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
    case 'client-timeout':
      return {
        status: 408,
        title: 'Request timeout',
        detail: 'The request did not arrive in time. It was not forwarded.',
      }
    case 'loop':
      return {
        status: 508,
        title: 'Loop detected',
        detail: 'The request has been here before: the address behind this one leads back to it.',
      }
    case 'fault':
      return {
        status: 500,
        title: 'Internal error',
        detail: 'Something went wrong at the gateway. The request was not forwarded.',
      }
  }
}

const malformed = (what: Extract<Refusal, { reason: 'malformed' }>['what']): string =>
  what === 'body'
    ? 'The body of the request is malformed, or its method has none.'
    : `The ${what} of the request is malformed, or there twice.`

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

/**
 * Headers that a refusal brings besides those of any answer.
 *
 * @param self `https://app.example.com`
 */
export function extras(refusal: Refusal, route: Route | null, self: string): [string, string][] {
  const challenge = (parameters: Parameters) => challengeOf(route, self, parameters)
  switch (refusal.reason) {
    case 'method-refused':
      return [['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']]
    case 'store-unavailable':
    case 'keys-unavailable':
    case 'issuer-unavailable':
    case 'token-unavailable':
      return [['retry-after', '5']]
    case 'no-credential':
    case 'bad-session':
      return [['www-authenticate', challenge([])]]
    case 'bad-token':
      return [['www-authenticate', challenge([['error', 'invalid_token']])]]
    case 'sign-in-anew':
      return [['www-authenticate', challenge([['error', 'insufficient_user_authentication'], ...asksOf(refusal)])]]
    case 'missing-scope':
      return [
        [
          'www-authenticate',
          challenge([
            ['error', 'insufficient_scope'],
            ['scope', refusal.scopes.join(' ')],
          ]),
        ],
      ]
    case 'malformed':
      return refusal.what === 'authorization' ? [['www-authenticate', challenge([['error', 'invalid_request']])]] : []
    default:
      return []
  }
}

/** RFC 9470 section 3: what the next sign-in would have to be. */
export const asksOf = ({
  withinSeconds,
  acr,
}: Extract<Refusal, { reason: 'sign-in-anew' }>): readonly (readonly [string, string])[] => [
  ...(withinSeconds === null ? [] : [['max_age', String(withinSeconds)] as const]),
  ...(acr.length === 0 ? [] : [['acr_values', acr.join(' ')] as const]),
]

type Parameters = readonly (readonly [string, string])[]

/** RFC 6750 section 3. A 401 owes a challenge (RFC 9110 section 11.6.1); for sessions there is no registered one. */
function challengeOf(route: Route | null, self: string, parameters: Parameters): string {
  const scheme = route && route.origin.bearer.length === 0 ? 'Session' : 'Bearer'
  const resource = route?.resource ?? null
  const all = [
    ['realm', route?.origin.name ?? 'sallyport'],
    ...parameters,
    // RFC 9728 section 5.1
    ...(resource === null ? [] : [['resource_metadata', `${self}${resourceMetadataPath}${resource}`]]),
  ]
  return `${scheme} ${all.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}
