/** One request of the soak, and all that came back of it: who asks may leave in the midst of it. */

import { type Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Asking {
  readonly port: number
  /** Of those who stay; who leaves has a connection of their own. */
  readonly agent: Agent
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as they are, with a pause after each; null: no body. */
  readonly body: readonly Buffer[] | null
  /** After so many milliseconds the client is gone, without a word. */
  readonly leavesAfter?: number
}

export interface Heard {
  /** 0 where the connection ended instead. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly isWhole: boolean
}

const pauseMilliseconds = 5

/** Never rejects. */
export function exchange({ port, agent, method, path, headers, body, leavesAfter }: Asking): Promise<Heard> {
  return new Promise((resolve) => {
    const isLeaving = leavesAfter !== undefined
    const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: isLeaving ? false : agent })
    let leaving: ReturnType<typeof setTimeout> | undefined
    const done = (heard: Heard): void => {
      clearTimeout(leaving)
      resolve(heard)
    }
    // workerd can't tell a client that left from one that only ended its half: it wants a reset
    if (isLeaving) leaving = setTimeout(() => outgoing.socket?.resetAndDestroy() ?? outgoing.destroy(), leavesAfter)
    outgoing.on('error', () => done({ status: 0, headers: {}, body: '', isWhole: false }))
    outgoing.on('response', (incoming) => {
      const { statusCode: status = 0 } = incoming
      let text = ''
      incoming.setEncoding('latin1')
      incoming.on('data', (chunk: string) => (text += chunk))
      incoming.on('error', () => undefined)
      incoming.on('close', () => done({ status, headers: incoming.headers, body: text, isWhole: incoming.complete }))
    })
    void upload()

    async function upload(): Promise<void> {
      for (const chunk of body ?? []) {
        if (outgoing.destroyed) return
        outgoing.write(chunk)
        await new Promise((next) => setTimeout(next, pauseMilliseconds))
      }
      outgoing.end()
    }
  })
}
