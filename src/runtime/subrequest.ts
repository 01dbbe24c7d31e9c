/** Sends a plan by a fetch of Workers, or of one of their bindings. */

import type { Plan } from '../forward/forward.ts'
import type { Fetcher } from './bindings.ts'
import type { Sent } from './fetch.ts'
import { edited, type NativeHeaders } from './native-headers.ts'

export async function sendWorkers(
  fetcher: Fetcher,
  { url, method, headers, isPrivate }: Plan,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
  theirs: NativeHeaders,
): Promise<Sent> {
  const response = await fetcher.fetch(url, {
    method,
    headers: edited(theirs, headers),
    body,
    redirect: 'manual',
    signal,
    ...(isPrivate && { cache: 'no-store' }),
  })
  return { status: response.status, headers: [...response.headers], body: response.body, response }
}
