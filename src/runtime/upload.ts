/** Keeps an eye on a body on its way up, on the runtimes that speak fetch, without touching it where that is dear. */

import type { Plan } from '../forward/forward.ts'
import { chunksOf, counted, streamOf, telling } from './held.ts'
import type { Watch } from './watch.ts'

interface Pipe {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** Pipes of workerd's own: what goes through them never comes near the heap. */
interface Native {
  readonly FixedLengthStream?: new (length: number) => Pipe
}

/**
 * While it goes up, the upstream isn't slow to answer: on workerd the watch holds until the body is through, elsewhere
 * it is told of each chunk. A body that didn't tell its length is counted, if the rule has a limit; one that did was
 * judged by that.
 *
 * @param note is told how many bytes went by
 */
export function watchUpload(
  body: ReadableStream<Uint8Array>,
  length: string | null,
  { maxBodyBytes }: Plan,
  watch: Watch,
  note: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  const { FixedLengthStream } = globalThis as Native
  // its pipe without a length ends where its source breaks off: what was cut short would go upstream as if it were whole
  if (FixedLengthStream && length !== null) {
    if (Number(length) <= smallBytes) return body
    const { readable, writable } = new FixedLengthStream(Number(length))
    watch.hold()
    // whoever reads the other end sees the error; which of the two ends broke off nobody is told
    body.pipeTo(writable).then(watch.resume, watch.resume)
    return readable
  }
  let bytes = 0
  const broken = (): void => watch.giveUp({ reason: 'malformed', what: 'body' })
  const through = counted(telling(chunksOf(body), broken), (more) => {
    note(more)
    bytes += more
    if (maxBodyBytes === null || bytes <= maxBodyBytes) return
    watch.giveUp({ reason: 'too-large', what: 'body' })
    throw new Error('the body is larger than the rule lets through')
  })
  return streamOf(through, length)
}

/** These are through before anyone could call them slow. */
export const smallBytes = 65_536
