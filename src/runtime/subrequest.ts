/** Sends a plan by a fetch of Workers, or of one of their bindings. */

import type { Plan } from '../forward/forward.ts'
import type { Fetcher } from './bindings.ts'
import type { Sent } from './fetch.ts'
import { edited, type NativeHeaders, pairsOf } from './native-headers.ts'
import type { Watch } from './watch.ts'

export async function sendWorkers(
  fetcher: Fetcher,
  { url, method, headers, isPrivate, timeouts }: Plan,
  body: ReadableStream<Uint8Array> | null,
  watch: Watch,
  theirs: NativeHeaders,
): Promise<Sent> {
  // an answer that may be given up half-way needs a signal; until its head is here, to answer is to end all else
  const isTimed = timeouts.idleSeconds !== null || timeouts.totalSeconds !== null
  const sending = fetcher.fetch(url, {
    method,
    headers: edited(theirs, headers),
    body,
    redirect: 'manual',
    ...(isTimed && { signal: watch.signal() }),
    ...(isPrivate && { cache: 'no-store' }),
  })
  const response = await new Promise<Response>((resolve, reject) => {
    watch.whenGivenUp(() => reject(new Error('given up')))
    sending.then(resolve, reject)
  })
  return { status: response.status, headers: pairsOf(response.headers), body: response.body, response }
}
