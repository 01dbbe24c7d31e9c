/** The WebSockets of the soak: those who have a conversation, and those who leave it. */

import { randomBytes, randomInt } from 'node:crypto'
import { connect } from 'node:net'
import * as ws from '../../test/support/websocket.ts'
import { type Client, marked, right, type Verdict } from './kind.ts'
import { wordsOf } from './origin.ts'

async function shake(client: Client): Promise<ws.Shaken & { readonly words: string }> {
  const { subject, cookie } = client.somebody()
  const marker = marked()
  const headers = [['Cookie', cookie] as const, ['Origin', 'http://app.test'] as const]
  return {
    ...(await ws.shakeHands(client.port, `/signed-in/x?marker=${marker}`, headers)),
    words: wordsOf({ marker, subject }),
  }
}

/** Hears the greeting, has a few messages sent back, and says goodbye. */
export async function converse(client: Client): Promise<Verdict> {
  const { head, socket, reader, words } = await shake(client)
  try {
    if (!/ 101 /.test(head?.start ?? '')) {
      const isOurs = / 5\d\d /.test(head?.start ?? '')
      return { kind: isOurs ? 'unprovoked5xx' : 'wrong', what: `websocket: ${head?.start ?? 'no answer'}` }
    }
    const sent = Array.from({ length: 5 }, () => randomBytes(randomInt(1, 30_000)))
    for (const payload of sent) socket.write(ws.frame(ws.binary, payload, true))
    for (const expected of [Buffer.from(words), ...sent]) {
      const frame = await ws.readFrame(reader)
      if (frame?.payload.equals(expected)) continue
      const isGreeting = expected.toString() === words
      const what = `websocket: ${frame?.opcode ?? 'the end'} of ${frame?.payload.length ?? 0} bytes`
      return { kind: isGreeting && frame?.opcode === ws.text ? 'crossed' : 'wrong', what }
    }
    socket.write(ws.closeWith(3000, '', true))
    const last = await ws.readFrame(reader)
    const isFarewell = last?.opcode === ws.close && ws.codeOf(last) === 3000
    return isFarewell ? right : { kind: 'wrong', what: `websocket: no farewell, but ${last?.opcode ?? 'the end'}` }
  } finally {
    socket.destroy()
  }
}

/** Sometimes in the midst of a message, sometimes of the handshake. */
export async function abandon(client: Client): Promise<Verdict> {
  const { subject, cookie } = client.somebody()
  const socket = connect(client.port, '127.0.0.1')
  const target = `/signed-in/x?marker=${marked()}`
  const { reader } = ws.begin(socket, target, [
    ['Cookie', cookie],
    ['Origin', 'http://app.test'],
  ])
  setTimeout(() => socket.resetAndDestroy(), randomInt(1, 40))
  if (!(await reader.head())) return right
  socket.write(ws.frame(ws.binary, randomBytes(10_000), true).subarray(0, randomInt(1, 10_000)))
  const frame = await ws.readFrame(reader)
  const isAnothers = frame !== null && frame.payload.length > 0 && !frame.payload.includes(subject)
  return isAnothers ? { kind: 'crossed', what: 'the greeting of another' } : right
}
