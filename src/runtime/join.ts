/** Joins two WebSockets, message by message, on the runtimes that hand out messages and not bytes: Workers and Deno. */

import type { Plan } from '../forward/forward.ts'
import { idleOf, tooOld, untilEnd } from './socket-life.ts'
import { whenStill } from './watch.ts'

/** What is asked of a WebSocket. */
export interface MessageSocket {
  binaryType: string
  send(data: string | ArrayBuffer): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listen: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listen: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listen: () => void): void
}

/**
 * Sends what one says to the other until either ends; the close code goes along. Both end with 4401 once the
 * credential that opened them is dead, and with 1001 when neither has said anything for too long.
 *
 * @param now seconds since the epoch
 */
export function joinSockets(client: MessageSocket, upstream: MessageSocket, plan: Plan, now: () => number): void {
  let messages = 0
  let isOver = false
  const stops: (() => void)[] = []
  const end = (code: number, reason: string, ...sockets: readonly MessageSocket[]): void => {
    if (isOver) return
    isOver = true
    for (const stop of stops) stop()
    for (const socket of sockets) closeQuietly(socket, code, reason)
  }
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.binaryType = 'arraybuffer'
    from.addEventListener('message', ({ data }) => {
      messages += 1
      if (isOver || !(typeof data === 'string' || data instanceof ArrayBuffer)) return
      try {
        to.send(data)
      } catch {
        end(1011, 'the other side is gone', client, upstream)
      }
    })
    from.addEventListener('close', ({ code, reason }) => {
      end(code, reason, to)
      // the closing handshake of this side wants an answer too (RFC 6455 section 7.1.1)
      closeQuietly(from, code, reason)
    })
    from.addEventListener('error', () => end(1011, 'the connection broke', client, upstream))
  }
  stops.push(untilEnd(plan, now, () => end(tooOld.code, tooOld.reason, client, upstream)))
  stops.push(
    whenStill(
      idleOf(plan),
      () => messages,
      () => end(1001, 'idle', client, upstream),
    ),
  )
}

/** 1005 and 1006 are never sent; Deno sends none below 3000 but 1000, whatever came (WebSockets section 3.1). */
function closeQuietly(socket: MessageSocket, code: number, reason: string): void {
  const codes = code === 1005 ? [undefined] : [code === 1006 ? 1011 : code, 1000]
  for (const one of codes) {
    try {
      if (one === undefined) socket.close()
      else socket.close(one, reason)
      return
    } catch {
      // the next one asks for less, and a socket that is closed already wants nothing
    }
  }
}
