/** Which pages may read an answer: the CORS headers of every answer, and the judgement of preflights. */

import type { Refusal } from '../decision.ts'
import type { Cors, HeaderList, Shield } from '../route/shield.ts'
import { isMember } from '../route/web-origin.ts'

export interface Reader {
  get(name: string): string | null
}

/** The headers that are ours to set where the gateway owns CORS: an upstream's own are dropped. */
export const isCorsHeader = (name: string): boolean => name.startsWith('access-control-')

/** What a browser can have sent: `null`, or a scheme and an authority; once, without path, query or user. */
const originForm = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s/\\?#@,;"'<>]*)$/i
const maxOriginChars = 512

/** False for an `Origin` that no browser sends, and that two servers could read differently (RFC 6454 section 7). */
export const isOriginHeader = (value: string): boolean => value.length <= maxOriginChars && originForm.test(value)

/** A CORS-preflight request (Fetch section 3.2.2) announces a method; it carries neither credential nor body by design. */
export function isPreflight(method: string, headers: Reader): boolean {
  return (
    method === 'OPTIONS' &&
    headers.get('origin') !== null &&
    headers.get('access-control-request-method') !== null &&
    headers.get('transfer-encoding') === null &&
    (headers.get('content-length') ?? '0') === '0'
  )
}

const forbiddenMethods: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** The method that the preflight announces, or null when it is none that could be let through (Fetch section 2.2.1). */
export function announcedMethod(headers: Reader): string | null {
  const method = headers.get('access-control-request-method') ?? ''
  return /^[A-Z][A-Z-]{0,31}$/.test(method) && !forbiddenMethods.has(method) ? method : null
}

/**
 * Whether a page of this origin may read what this method brings.
 *
 * @param origin as a preflight or the request itself says it; null where there is none
 */
export function mayRead(cors: Cors, origin: string | null, method: string): boolean {
  if (cors.methods && !cors.methods.has(method)) return false
  return cors.origins === '*' || (origin !== null && isMember(cors.origins, origin))
}

/** Whether the upstream's own CORS headers go out: it was told to own them, or ours only report and say no. */
export function passesCors({ cors, mode }: Shield, headers: Reader, method: string): boolean {
  if (cors === null || cors === 'upstream') return cors !== null
  return mode === 'report' && !mayRead(cors, headers.get('origin'), method)
}

const varies: [string, string] = ['vary', 'Origin']
const onlyVaries: HeaderList = [varies]
const nothing: HeaderList = []

/** The headers that go on an answer, a refusal too: a 401 without them is invisible to the page. */
export function corsFor({ cors }: Shield, headers: Reader, method: string): HeaderList {
  if (cors === null || cors === 'upstream') return nothing
  const origin = headers.get('origin')
  if (!mayRead(cors, origin, method)) return onlyVaries
  const allowed = cors.origins === '*' ? '*' : (origin ?? '')
  return [['access-control-allow-origin', allowed], ...cors.shared, varies]
}

/** The names that a preflight announces, or null when there are too many, or one is none (Fetch section 4.8). */
export function announcedHeaders(headers: Reader): readonly string[] | null {
  const value = headers.get('access-control-request-headers') ?? ''
  if (value.length > 4_096) return null
  const names = value
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
  return names.length <= 100 && names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)) ? names : null
}

/** @returns null when the announced request may be sent by a page of that origin */
export function judgePreflight(cors: Cors, method: string, headers: Reader): Refusal | null {
  const from = headers.get('origin') ?? ''
  if (cors.origins !== '*' && !isMember(cors.origins, from)) return { reason: 'cross-origin', from, lacks: 'origin' }
  if (cors.methods && !cors.methods.has(method)) return { reason: 'cross-origin', from, lacks: 'method' }
  const names = announcedHeaders(headers)
  const isGranted = names?.every((name) => cors.headers.has(name)) ?? false
  return isGranted ? null : { reason: 'cross-origin', from, lacks: 'headers' }
}

/** What CORS refuses of an ordinary request is the reading, by the browser: said here for those who only report. */
export function unreadable({ cors }: Shield, self: string, method: string, headers: Reader): Refusal | null {
  const from = headers.get('origin')
  if (cors === null || cors === 'upstream' || from === null || from === self || mayRead(cors, from, method)) return null
  return { reason: 'cross-origin', from, lacks: 'origin' }
}

const preflightVaries: [string, string] = [
  'vary',
  'Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network',
]

/** What the answer to a granted preflight says besides who may read. */
export function preflightHeaders(cors: Cors, headers: Reader): [string, string][] {
  const answer: [string, string][] = [...cors.granted]
  answer.push(['access-control-allow-methods', announcedMethod(headers) ?? ''], preflightVaries)
  const names = announcedHeaders(headers)
  if (names && names.length > 0) answer.push(['access-control-allow-headers', [...new Set(names)].join(', ')])
  if (cors.privateNetwork && headers.get('access-control-request-private-network') === 'true')
    answer.push(['access-control-allow-private-network', 'true'])
  return answer
}
