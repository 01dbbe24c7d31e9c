/** Makes a web stream of Node's: one chunk at a time, as it is asked for. */

import type { Readable } from 'node:stream'

/** `Readable.toWeb` of Deno throws, uncaught, when the stream is cancelled while data is on its way. */
export function streamOf(readable: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = readable[Symbol.asyncIterator]()
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => void readable.destroy(),
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}
