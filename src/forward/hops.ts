/** What a request says of the way it has come: through whom, how often, and in which trace. */

import type { HeaderBag } from '../head.ts'

/** `Via` with us at its end (RFC 9110 section 7.6.3). @param protocol of the client's request, without `HTTP/` */
export function via(theirs: string | null, name: string, protocol = '1.1'): string {
  const own = `${protocol} ${name}`
  return theirs ? `${theirs}, ${own}` : own
}

/** Whether the request has been here before: forwarding it again would only bring it back. */
export const isLoop = (theirs: string | null, name: string): boolean =>
  theirs?.split(',').some((hop) => hop.trim().split(/\s+/)[1]?.toLowerCase() === name.toLowerCase()) ?? false

const traceForm = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/

/**
 * The client's `traceparent` and `tracestate`, or a new one that nobody samples (W3C Trace Context section 3.2).
 *
 * @param random digits, twice as many as bytes
 */
export function traceHeaders(headers: HeaderBag, random: (bytes: number) => string): [string, string][] {
  const parent = headers.get('traceparent')
  if (parent === null || !traceForm.test(parent)) return [['traceparent', `00-${random(16)}-${random(8)}-00`]]
  const state = headers.get('tracestate')
  return state === null
    ? [['traceparent', parent]]
    : [
        ['traceparent', parent],
        ['tracestate', state],
      ]
}

/**
 * `Max-Forwards` of an OPTIONS request, one less (RFC 9110 section 7.6.2; no other method that we let through has it).
 *
 * @returns `'here'` where the request goes no further and is to be answered here
 */
export function maxForwards(method: string, headers: HeaderBag): number | 'here' | null {
  const value = headers.get('max-forwards')
  if (method !== 'OPTIONS' || value === null || !/^\d{1,9}$/.test(value)) return null
  return Number(value) === 0 ? 'here' : Number(value) - 1
}
