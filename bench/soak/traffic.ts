/** The kinds of request that the soak mixes, and what each of them may be answered. */

import { createHash, randomBytes, randomInt } from 'node:crypto'
import { type Asking, exchange, type Heard } from './exchange.ts'
import { type Client, type Kind, marked, type Person, right } from './kind.ts'
import { type BehaviourName, bodyOf, wordsOf } from './origin.ts'
import { abandon, converse } from './sockets.ts'

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
