/** The body of an upstream's answer, from the socket to whoever reads it: chunk by chunk, no faster than it is read. */

/** Nothing comes before it is read, but what came with the head. */
export interface UpstreamBody {
  /** All of it, where it is small and came with the head: then nobody need read it. */
  whole(): Uint8Array | null
  /** Once; gets what is there at once. */
  read(reader: BodyReader): void
  /** More is wanted. */
  resume(): void
  /** Nobody wants the rest. */
  cancel(): void
}

export interface BodyReader {
  /** @returns whether more is wanted now; else `resume` says when */
  chunk(bytes: Uint8Array): boolean
  end(): void
  /** It broke off. */
  fail(): void
}

/** The end that is filled. */
export interface Incoming {
  readonly body: UpstreamBody
  push(chunk: Uint8Array): void
  end(): void
  fail(): void
}

/** What a connection can be told. */
interface Flow {
  readonly paused: boolean
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/** So much of it is taken in before anybody reads. */
const mostEarlyBytes = 65_536

export function createIncoming(flow: Flow): Incoming {
  let reader: BodyReader | null = null
  const early: Uint8Array[] = []
  let earlyBytes = 0
  let over: 'end' | 'fail' | null = null

  const body: UpstreamBody = {
    whole: () => (over === 'end' && early.length < 2 ? (early[0] ?? new Uint8Array()) : null),
    read(its) {
      reader = its
      let wantsMore = true
      for (const chunk of early) wantsMore = its.chunk(chunk)
      early.length = 0
      if (over) its[over]()
      else if (wantsMore) body.resume()
      else flow.pause()
    },
    resume() {
      if (flow.paused) flow.resume()
    },
    cancel() {
      if (over) return
      over = 'fail'
      reader = null
      flow.abort(new Error('nobody wants the rest'))
    },
  }
  return {
    body,
    push(chunk) {
      // a parser that goes on after a pause begins with nothing: to pause for that would never end
      if (chunk.length === 0 || over) return
      if (reader) {
        if (!reader.chunk(chunk)) flow.pause()
        return
      }
      early.push(chunk)
      earlyBytes += chunk.length
      if (earlyBytes >= mostEarlyBytes) flow.pause()
    },
    end: () => finish('end'),
    fail: () => finish('fail'),
  }

  function finish(how: 'end' | 'fail'): void {
    over ??= how
    reader?.[how]()
  }
}

/** As a web stream; a body that breaks off is an error of it. */
export function streamOf(body: UpstreamBody): ReadableStream<Uint8Array> {
  let isWanted = false
  const source = {
    start(controller: ReadableStreamDefaultController<Uint8Array>) {
      body.read({
        chunk(bytes) {
          isWanted = false
          // who waits for this one may ask for the next at once
          controller.enqueue(bytes)
          return isWanted
        },
        end: () => controller.close(),
        fail: () => controller.error(new TypeError('the upstream broke off')),
      })
    },
    pull() {
      isWanted = true
      body.resume()
    },
    cancel: () => body.cancel(),
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}
