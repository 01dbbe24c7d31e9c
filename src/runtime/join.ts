/** Joins two WebSockets, message by message, on the runtimes that hand out messages and not bytes: Workers and Deno. */

import type { Plan } from '../forward/forward.ts'
import { createPressure, type Listener, type Speaker } from './pressure.ts'
import { idleOf, tooOld, untilEnd } from './socket-life.ts'
import { whenStill } from './watch.ts'

/** What is asked of a WebSocket; how much waits in it, and its waiting, where the runtime can tell. */
export interface MessageSocket extends Speaker, Listener {
  binaryType: string
  send(data: string | ArrayBuffer): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listen: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listen: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listen: () => void): void
}

/** For so long may one side go on speaking after the other said goodbye. */
const lingerMilliseconds = 10_000

/**
 * Sends what one says to the other until both have said goodbye; the close code goes along. Both end with 4401 once
 * the credential that opened them is dead, with 1001 when neither has said anything for too long, and with 1013 when
 * one says more than the other takes.
 *
 * @param now seconds since the epoch
 */
export function joinSockets(client: MessageSocket, upstream: MessageSocket, plan: Plan, now: () => number): void {
  let messages = 0
  let isOver = false
  const gone = new Set<MessageSocket>()
  const stops: (() => void)[] = []
  const end = (code: number, reason: string): void => {
    if (isOver) return
    isOver = true
    for (const stop of stops) stop()
    for (const socket of [client, upstream]) closeQuietly(socket, code, reason)
  }
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    const pressure = createPressure(from, to, () => end(1013, 'the other side takes too little'))
    stops.push(pressure.stop)
    from.binaryType = 'arraybuffer'
    from.addEventListener('message', ({ data }) => {
      messages += 1
      if (isOver || !(typeof data === 'string' || data instanceof ArrayBuffer)) return
      try {
        to.send(data)
        pressure.feel()
      } catch {
        // who has said goodbye need not be able to hear any more
        if (!gone.has(to)) end(1011, 'the other side is gone')
      }
    })
    from.addEventListener('close', ({ code, reason }) => {
      gone.add(from)
      closeQuietly(to, code, reason)
      // without a farewell (1006) nobody is there to hear what the other still has to say
      if (gone.size === 2 || code === 1006) return end(code, reason)
      const linger = setTimeout(() => end(code, reason), lingerMilliseconds)
      stops.push(() => clearTimeout(linger))
    })
    from.addEventListener('error', () => end(1011, 'the connection broke'))
  }
  stops.push(untilEnd(plan, now, () => end(tooOld.code, tooOld.reason)))
  stops.push(
    whenStill(
      idleOf(plan),
      () => messages,
      () => end(1001, 'idle'),
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
