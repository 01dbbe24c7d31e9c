/** Streams as chunks and chunks as a stream, for a body that is looked into before it goes on. */

/** The chunks of a stream; whoever stops early cancels it. */
export async function* chunksOf(stream: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!stream) return
  const reader = stream.getReader()
  let isDone = false
  try {
    for (;;) {
      const { value, done } = await reader.read()
      isDone = done
      if (done) return
      yield value
    }
  } finally {
    if (!isDone) await reader.cancel().catch(() => undefined)
  }
}

interface Pipe {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/**
 * A stream that asks for the next chunk only when it is wanted.
 *
 * @param length `Content-Length`, as it came: workerd forgets it unless the stream itself knows it
 */
export function streamOf(chunks: AsyncIterable<Uint8Array>, length: string | null): ReadableStream<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]()
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await source.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await source.return?.()
    },
  })
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: new (length: number) => Pipe }
  if (!FixedLengthStream || length === null) return stream
  const { readable, writable } = new FixedLengthStream(Number(length))
  // whoever reads sees the error
  stream.pipeTo(writable).catch(() => undefined)
  return readable
}

/** The chunks as they are, each of them counted. @param count throws to stop them */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length)
    yield chunk
  }
}

/** The chunks as they are; tells when they break off at their source, and not because nobody wants them. */
export async function* telling(chunks: AsyncIterable<Uint8Array>, broken: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    broken()
    throw error
  }
}
