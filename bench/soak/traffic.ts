/** The kinds of request that the soak mixes, and what each of them may be answered. */

import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Agent } from 'node:http'
import { connect } from 'node:net'
import * as ws from '../../test/support/websocket.ts'
import { type Asking, exchange, type Heard } from './exchange.ts'
import { type BehaviourName, bodyOf, wordsOf } from './origin.ts'

export interface Person {
  readonly subject: string
  /** `Cookie`, with all that the gateway gave this person. */
  readonly cookie: string
  readonly csrfToken: string
}

export interface Client {
  readonly port: number
  readonly agent: Agent
  somebody(): Person
}

export type Verdict =
  | { readonly kind: 'right' }
  /** Something of another request, or of another person, stood in the answer. */
  | { readonly kind: 'crossed'; readonly what: string }
  | { readonly kind: 'unprovoked5xx'; readonly what: string }
  | { readonly kind: 'wrong'; readonly what: string }

export interface Kind {
  readonly name: string
  /** How often it comes, beside the others. */
  readonly weight: number
  run(client: Client): Promise<Verdict>
}

const right: Verdict = { kind: 'right' }
const marked = (): string => `m${randomBytes(8).toString('hex')}z`
const markers = /m[\da-f]{16}z/g
const subjects = /user-\d+z/g

interface Sending {
  readonly bytes?: number
  readonly body?: readonly Buffer[]
  readonly headers?: Readonly<Record<string, string>>
  readonly leavesAfter?: number
}

interface Answered {
  readonly heard: Heard
  readonly marker: string
  readonly person: Person
  readonly crossed: string | null
}

async function ask(client: Client, rule: string, does: BehaviourName, sending: Sending = {}): Promise<Answered> {
  const { bytes = 0, body = null, headers, leavesAfter } = sending
  const person = client.somebody()
  const marker = marked()
  const asking: Asking = {
    ...client,
    method: body ? 'POST' : 'GET',
    path: `${rule}?do=${does}&marker=${marker}&bytes=${bytes}`,
    headers: { host: 'app.test', cookie: person.cookie, accept: 'application/json', ...headers },
    body,
    ...(leavesAfter !== undefined && { leavesAfter }),
  }
  const heard = await exchange(asking)
  const all = `${JSON.stringify(heard.headers)} ${heard.body}`
  const strangers = [
    ...(all.match(markers) ?? []).filter((one) => one !== marker),
    ...(all.match(subjects) ?? []).filter((one) => one !== person.subject),
  ]
  return { heard, marker, person, crossed: strangers[0] ?? null }
}

/** Must be answered, and with nothing but its own. */
const good = (
  name: string,
  weight: number,
  run: (client: Client) => Promise<Answered & { readonly expected: string }>,
): Kind => ({
  name,
  weight,
  async run(client) {
    const { heard, crossed, marker, expected } = await run(client)
    const { status, headers, body, isWhole } = heard
    const what = `${name}: ${status}, ${body.length} of ${expected.length} bytes, ${isWhole ? 'whole' : 'cut short'}`
    if (crossed) return { kind: 'crossed', what: `${name}: ${crossed} beside ${marker}` }
    if (status >= 500) return { kind: 'unprovoked5xx', what: `${what}: ${body.slice(0, 300)}` }
    const isRight = status === 200 && isWhole && headers['x-marker'] === marker && body === expected
    return isRight ? right : { kind: 'wrong', what }
  },
})

/** What the upstream does is to blame: it may fail, but neither as something whole nor as a fault of ours. */
const bad = (does: BehaviourName, rule: string, wholes: readonly number[]): Kind => ({
  name: does,
  weight: 1,
  async run(client) {
    const { heard, crossed, marker } = await ask(client, rule, does, { bytes: 1_000 })
    const { status, isWhole } = heard
    if (crossed) return { kind: 'crossed', what: `${does}: ${crossed} beside ${marker}` }
    const isRight = isWhole ? wholes.includes(status) : status === 0 || status === 200
    return isRight ? right : { kind: 'wrong', what: `${does}: ${status}, ${isWhole ? 'whole' : 'cut short'}` }
  },
})

/** Nobody hears an answer; what is left behind shows at the end. */
const leaving = (name: string, rule: string, does: BehaviourName, sending: () => Sending): Kind => ({
  name,
  weight: 2,
  async run(client) {
    const { crossed } = await ask(client, rule, does, { ...sending(), leavesAfter: randomInt(1, 100) })
    return crossed ? { kind: 'crossed', what: `${name}: ${crossed}` } : right
  },
})

const own = { origin: 'http://app.test' }
const pieces = (): Buffer[] => Array.from({ length: randomInt(1, 10) }, () => randomBytes(randomInt(1, 40_000)))
const echoed = ({ marker, person }: Answered, sent: readonly Buffer[] = []): string =>
  wordsOf({ marker, subject: person.subject }) + createHash('sha256').update(Buffer.concat(sent)).digest('hex')

async function upload(client: Client, isChunked: boolean): Promise<Answered & { expected: string }> {
  const body = pieces()
  const length = String(Buffer.concat(body).length)
  const framing: Record<string, string> = isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }
  const answered = await ask(client, '/signed-in/x', 'echo', { body, headers: { ...own, ...framing } })
  return { ...answered, expected: echoed(answered, body) }
}

export const kinds: readonly Kind[] = [
  good('get', 20, async (client) => {
    const answered = await ask(client, '/signed-in/x', 'echo')
    return { ...answered, expected: echoed(answered) }
  }),
  good('download', 6, async (client) => {
    const bytes = randomInt(0, 300_000)
    const answered = await ask(client, '/signed-in/x', 'download', { bytes })
    const { marker, person } = answered
    return { ...answered, expected: bodyOf({ marker, subject: person.subject, bytes }).toString() }
  }),
  good('events', 3, async (client) => {
    const answered = await ask(client, '/signed-in/x', 'events')
    const { marker, person } = answered
    return { ...answered, expected: `data: ${wordsOf({ marker, subject: person.subject })}\n`.repeat(5) }
  }),
  good('upload', 4, (client) => upload(client, false)),
  good('upload in chunks', 4, (client) => upload(client, true)),
  good('form', 3, async (client) => {
    const person = client.somebody()
    const body = [Buffer.from(`a=1&sallyport_csrf=${person.csrfToken}`)]
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body[0]?.length) }
    const answered = await ask({ ...client, somebody: () => person }, '/form/x', 'echo', { body, headers })
    return { ...answered, expected: echoed(answered, body) }
  }),
  { name: 'websocket', weight: 4, run: converse },
  bad('stall', '/public/slow', [504]),
  bad('stallInside', '/public/idle', []),
  bad('reset', '/public/x', [502]),
  // on a busy machine the reset comes before the head has gone on
  bad('resetInside', '/public/x', [502]),
  bad('tooLong', '/public/x', []),
  // the head is right, and so are the ten bytes: what follows is nobody's
  bad('tooShort', '/public/x', [200, 502]),
  bad('garbage', '/public/x', [502]),
  bad('badHeader', '/public/x', [502]),
  bad('badChunk', '/public/x', [502]),
  bad('endless', '/public/x', [502]),
  leaving('leaves before the answer', '/signed-in/x', 'stall', () => ({})),
  leaving('leaves a download', '/signed-in/x', 'stallInside', () => ({ bytes: 50_000 })),
  leaving('leaves events', '/signed-in/x', 'events', () => ({})),
  leaving('leaves an upload', '/signed-in/x', 'echo', () => ({
    body: Array.from({ length: 30 }, () => randomBytes(1_000)),
    headers: { ...own, 'content-length': '1000000' },
  })),
  leaving('leaves a form that is held', '/form/x', 'echo', () => ({
    body: [Buffer.from('a=1&')],
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '50000' },
  })),
  { name: 'leaves a websocket', weight: 2, run: abandon },
]

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
async function converse(client: Client): Promise<Verdict> {
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
async function abandon(client: Client): Promise<Verdict> {
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
