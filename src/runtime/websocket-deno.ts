/** Shakes hands with an upstream on Deno: a client that sends headers, and a server that upgrades. */

import type { Plan } from '../forward/forward.ts'
import type { Dialled } from './fetch.ts'
import { joinSockets, type MessageSocket } from './join.ts'

export type UpgradeWebSocket = (
  request: Request,
  options: { readonly protocol?: string; readonly idleTimeout: number },
) => { readonly socket: WebSocket; readonly response: Response }

export async function dialDeno(
  plan: Plan,
  request: Request,
  signal: AbortSignal,
  upgrade: UpgradeWebSocket,
): Promise<Dialled> {
  const protocols = plan.headers
    .filter(([name]) => name === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(',').map((one) => one.trim()))
  const headers = plan.headers.filter(([name]) => !name.startsWith('sec-websocket-'))
  const upstream = new WebSocket(plan.url.replace(/^http/, 'ws'), { protocols, headers })
  const early = holdMessages(upstream)
  await opened(upstream, signal)
  const { protocol } = upstream
  return {
    kind: 'open',
    headers: protocol ? [['sec-websocket-protocol', protocol]] : [],
    accept() {
      const { socket, response } = upgrade(request, { ...(protocol && { protocol }), idleTimeout: 0 })
      joinSockets(onceOpen(socket), early, plan, () => Date.now() / 1000)
      return response
    },
  }
}

const opened = (socket: WebSocket, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (): void => {
      reject(new Error('the upstream takes no WebSocket'))
      socket.close()
    }
    signal.addEventListener('abort', fail)
    socket.addEventListener('error', fail)
    socket.addEventListener('open', () => {
      signal.removeEventListener('abort', fail)
      socket.removeEventListener('error', fail)
      resolve()
    })
  })

/** What is said before anyone listens waits for whoever does. */
function holdMessages(socket: WebSocket): MessageSocket {
  socket.binaryType = 'arraybuffer'
  const waiting: { data: unknown }[] = []
  let listener: ((event: { data: unknown }) => void) | null = null
  socket.addEventListener('message', ({ data }) => {
    if (listener) listener({ data })
    else waiting.push({ data })
  })
  return {
    binaryType: 'arraybuffer',
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    addEventListener(type: 'message' | 'close' | 'error', listen: (event: never) => void) {
      if (type !== 'message') return socket.addEventListener(type, listen as () => void)
      listener = listen as (event: { data: unknown }) => void
      for (const event of waiting.splice(0)) listener(event)
    },
  }
}

/** What is said before the client has heard that it may listen waits for it, in order. */
function onceOpen(socket: WebSocket): MessageSocket {
  const isOpen = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()))
  const act = (work: () => void): void => {
    if (socket.readyState === WebSocket.OPEN) work()
    else void isOpen.then(work)
  }
  socket.binaryType = 'arraybuffer'
  return {
    binaryType: 'arraybuffer',
    send: (data) => act(() => socket.send(data)),
    close: (code, reason) => act(() => socket.close(code, reason)),
    addEventListener: (type: 'message' | 'close' | 'error', listen: (event: never) => void) =>
      socket.addEventListener(type, listen as () => void),
  }
}
