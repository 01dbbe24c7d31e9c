/** Finds where WebSocket frames end in a stream of bytes, and puts a last one in between (RFC 6455 section 5.2). */

import { Transform, type TransformCallback } from 'node:stream'

/** Passes a server's frames on as they are. After `finish` the frame that is under way is completed, and a close follows. */
export class FrameStream extends Transform {
  private head: number[] = []
  private left = 0
  private last: Buffer | null = null

  /** @param code and reason of the close frame */
  finish(code: number, reason: string): void {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
    this.last = Buffer.concat([Buffer.from([0x88, payload.length]), payload])
    if (this.isBetween) this.complete()
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    let at = 0
    while (at < chunk.length) {
      if (this.last && this.isBetween) break
      if (this.left > 0) {
        const step = Math.min(this.left, chunk.length - at)
        this.left -= step
        at += step
      } else {
        this.head.push(chunk[at] ?? 0)
        at += 1
        this.readHead()
      }
    }
    if (at > 0 && !this.writableEnded) this.push(chunk.subarray(0, at))
    if (this.last && this.isBetween) this.complete()
    done()
  }

  private get isBetween(): boolean {
    return this.left === 0 && this.head.length === 0
  }

  private readHead(): void {
    const [, second = 0] = this.head
    if (this.head.length < 2) return
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const maskBytes = second & 0x80 ? 4 : 0
    if (this.head.length < 2 + lengthBytes + maskBytes) return
    const long = this.head.slice(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
    this.left = lengthBytes === 0 ? short : long
    this.head = []
  }

  private complete(): void {
    const { last } = this
    if (!last) return
    this.last = null
    this.push(last)
    this.push(null)
  }
}
