/** Calls the admin API of a gateway that runs: what the verbs on top of it share. */

import { causeOf } from './cause.ts'
import { type Given, type Io, UsageError } from './verb.ts'

export const adminOptions = { url: { type: 'string' } } as const

/** Help for {@link adminOptions}. */
export const adminHelp = `  --url URL         the gateway, on any host that it guards (default: http://localhost:8787)

The environment variable ADMIN_SECRET must hold the gateway's own.`

export type Called =
  | { readonly kind: 'answer'; readonly body: unknown }
  | { readonly kind: 'failed'; readonly message: string }

/** @param path below `/.sallyport/admin` */
export async function callAdmin(
  given: Given,
  io: Io,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Called> {
  const secret = io.environment['ADMIN_SECRET']
  if (!secret) throw new UsageError('ADMIN_SECRET is not set: it must hold the secret of the gateway')
  const url = URL.parse(given.text('url') ?? 'http://localhost:8787')
  const isLocal = url !== null && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError('--url is no http address')
  // the secret would be anybody's on the way
  if (url.protocol === 'http:' && !isLocal)
    throw new UsageError(`--url ${url.origin} is not https: the secret isn't sent`)
  let response: Response
  try {
    response = await fetch(`${url.origin}/.sallyport/admin${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    })
  } catch (error) {
    return {
      kind: 'failed',
      message: `${url.origin} gives no answer (${causeOf(error)}): see that the gateway runs there, and name it by --url`,
    }
  }
  const text = await response.text()
  if (!response.ok) return { kind: 'failed', message: failureOf(response.status, text) }
  return { kind: 'answer', body: text === '' ? null : JSON.parse(text) }
}

function failureOf(status: number, text: string): string {
  if (status === 404) return 'there is no admin API at this address: is ADMIN_SECRET set for the gateway?'
  try {
    const { title } = JSON.parse(text) as { title?: unknown }
    return `${status}: ${String(title)}`
  } catch {
    return `${status}`
  }
}
