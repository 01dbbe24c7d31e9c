/** The answer of an endpoint of our own that refuses. */

import type { Context } from 'hono'
import type { Refusal } from '../decision.ts'
import { outcomeOf } from '../outcome.ts'
import type { Own } from './line.ts'

/** @param more headers; those that may be there twice are added */
export function refused(
  c: Context<Own>,
  refusal: Refusal,
  more: readonly (readonly [name: string, value: string])[] = [],
): Response {
  const { told } = c.var
  told.refusal = refusal
  const { status, title, detail } = outcomeOf(refusal)
  const headers = new Headers({ 'content-type': 'application/problem+json', 'x-sallyport': 'refused' })
  if (status === 401) headers.set('www-authenticate', 'Session realm="sallyport"')
  if (status === 503) headers.set('retry-after', '5')
  const body = JSON.stringify({ title, status, detail, requestId: told.requestId })
  return withHeaders(new Response(body, { status, headers }), more)
}

export function withHeaders(response: Response, more: readonly (readonly [name: string, value: string])[]): Response {
  for (const [name, value] of more) {
    if (name === 'vary' || name === 'set-cookie') response.headers.append(name, value)
    else response.headers.set(name, value)
  }
  return response
}
