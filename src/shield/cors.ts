/** Which pages may read an answer: the CORS headers of every answer, and whole answers to preflights. */

import type { Cors } from '../route/shield.ts'

interface Reader {
  get(name: string): string | null
}

/** The headers that are ours to set where the gateway owns CORS: an upstream's own are dropped. */
export const corsHeaders: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
])

/** A CORS-preflight request (Fetch section 3.2.2) announces a method; it carries no credential by design. */
export function isPreflight(method: string, headers: Reader): boolean {
  return method === 'OPTIONS' && headers.get('origin') !== null && headers.get('access-control-request-method') !== null
}

/** The method that the preflight announces; empty when it names none that there could be. */
export function announcedMethod(headers: Reader): string {
  const method = headers.get('access-control-request-method') ?? ''
  return /^[A-Za-z-]{1,32}$/.test(method) ? method : ''
}

/** The headers that go on an answer, a refusal too: a 401 without them is invisible to the page. */
export function corsFor(cors: Cors | null, headers: Reader): readonly (readonly [string, string])[] {
  if (!cors) return []
  if (cors.origins === '*') return [['access-control-allow-origin', '*'], ...exposed(cors)]
  const origin = headers.get('origin')
  if (origin === null || !cors.origins.has(origin)) return [['vary', 'Origin']]
  return [
    ['access-control-allow-origin', origin],
    ...(cors.credentials ? ([['access-control-allow-credentials', 'true']] as const) : []),
    ...exposed(cors),
    ['vary', 'Origin'],
  ]
}

const exposed = (cors: Cors): readonly (readonly [string, string])[] =>
  cors.expose.length > 0 ? [['access-control-expose-headers', cors.expose.join(', ')]] : []

/** What else the answer to a preflight says, once its origin is allowed. */
export function preflightHeaders(cors: Cors, headers: Reader): [string, string][] {
  const method = announcedMethod(headers)
  const wanted = (headers.get('access-control-request-headers') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => cors.headers.includes(name))
  const answer: [string, string][] = [
    ['access-control-max-age', String(cors.maxAgeSeconds)],
    ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
  ]
  if (method && (!cors.methods || cors.methods.has(method))) answer.push(['access-control-allow-methods', method])
  if (wanted.length > 0) answer.push(['access-control-allow-headers', [...new Set(wanted)].join(', ')])
  return answer
}
