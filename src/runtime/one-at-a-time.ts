/** Has a connection wait for one answer before its next request is begun: `node:http` begins them all at once. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** More than any client sends ahead; one that does may send again what wasn't answered (RFC 9112 section 9.3.2). */
const mostAhead = 100

/** A request that was sent before the last one was answered has no socket yet to answer on: it gets it in its turn. */
export function oneAtATime(listener: Listener): Listener {
  const ahead = new WeakMap<Socket, number>()
  return (incoming, outgoing) => {
    const { socket } = incoming
    if (outgoing.socket) return listener(incoming, outgoing)
    const count = (ahead.get(socket) ?? 0) + 1
    if (count > mostAhead) return void socket.destroy()
    ahead.set(socket, count)
    outgoing.once('socket', () => {
      ahead.set(socket, (ahead.get(socket) ?? 1) - 1)
      listener(incoming, outgoing)
    })
  }
}
