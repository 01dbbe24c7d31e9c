/** Requests that share a look-up on real workerd, where what one request began may end with it. */

import { type ClientRequest, createServer, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCookieValue } from '../../src/session/cookie.ts'
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts'
import { type RunningRuntime, startRuntime } from '../support/runtimes.ts'

const holdMilliseconds = 300
/** Of one look-up: what waits for two of them in a row takes twice as long. */
const boundMilliseconds = 2_000
const entry = 'entry/sharing.ts'

let runtime: RunningRuntime
let issuer: TestIssuer
let kv: Counter
let keys: Counter

interface Counter {
  readonly server: Server
  readonly port: number
  /** What was asked for, in order: path and body. */
  asked: string[]
  /** What is never answered: paths that start so; null: none. */
  hangsOn: string | null
}

/** Answers after a while, or never; counts what it is asked for. */
async function count(answer: (path: string, response: ServerResponse, body: string) => void): Promise<Counter> {
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming)
    if (incoming.method === 'PUT') return void response.end()
    const path = decodeURIComponent((incoming.url ?? '').split('?', 1)[0] ?? '')
    counter.asked.push(`${path} ${body}`)
    if (counter.hangsOn === null || !path.startsWith(counter.hangsOn))
      setTimeout(() => answer(path, response, body), holdMilliseconds)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const counter: Counter = { server, port: (server.address() as AddressInfo).port, asked: [], hangsOn: null }
  return counter
}

beforeAll(async () => {
  issuer = await createTestIssuer('https://corp.example.com')
  kv = await count((path, response, body) => {
    // as Upstash is asked
    if (path === '/') {
      const [, ...names] = JSON.parse(body) as string[]
      return void response.end(JSON.stringify({ result: names.map(() => null) }))
    }
    if (path !== '/bulk/get') return void response.writeHead(404).end()
    const { keys } = JSON.parse(body) as { keys: string[] }
    response.end(JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))))
  })
  keys = await count((_, response) => response.end(JSON.stringify(issuer.jwks)))
})

afterAll(() => {
  for (const { server } of [kv, keys]) {
    server.close()
    server.closeAllConnections()
  }
})

/** A gateway that knows nothing yet: no session, no key. */
beforeEach(async () => {
  for (const counter of [kv, keys]) Object.assign(counter, { asked: [], hangsOn: null })
  runtime = await start({ SESSION_STORE: 'kv' })
  // the first request puts the gateway together: that is not what is timed here
  expect(await send({}).status).toBe(401)
  return () => runtime.stop()
})

const start = (environment: Record<string, string>): Promise<RunningRuntime> =>
  startRuntime('workerd', {
    entry: { workerd: entry, deno: entry, node: entry },
    kvPort: kv.port,
    environment: {
      ...environment,
      ISSUER: issuer.issuer,
      KEYS_URL: `http://127.0.0.1:${keys.port}/jwks`,
      APP_URL: 'http://127.0.0.1:1',
    },
  })

interface Sent {
  readonly request: ClientRequest
  readonly status: Promise<number>
  /** How long the answer took. */
  readonly milliseconds: Promise<number>
}

function send(headers: Record<string, string>, path = '/'): Sent {
  const startedAt = performance.now()
  const sent = request({
    port: runtime.port,
    host: '127.0.0.1',
    path,
    agent: false,
    headers: { host: 'app.test', ...headers },
  })
  const status = new Promise<number>((resolve) => {
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)))
    sent.on('error', () => resolve(0))
  })
  sent.end()
  return { request: sent, status, milliseconds: status.then(() => performance.now() - startedAt) }
}

const many = (amount: number, headers: Record<string, string>, path?: string): Sent[] =>
  Array.from({ length: amount }, () => send(headers, path))
const statuses = async (sent: readonly Sent[]): Promise<number[]> => [
  ...new Set(await Promise.all(sent.map(({ status }) => status))),
]
const slowest = async (sent: readonly Sent[]): Promise<number> =>
  Math.max(...(await Promise.all(sent.map(({ milliseconds }) => milliseconds))))
const asked = (counter: Counter, what: string): number => counter.asked.filter((asked) => asked.includes(what)).length
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}
const unknown = (): Record<string, string> => ({ cookie: `__Host-sallyport=${makeCookieValue()}` })

describe('many requests at once', () => {
  it('for one unknown session make one read of KV', async () => {
    const sent = many(50, unknown())
    expect(await statuses(sent)).toEqual([401])
    expect(asked(kv, 'session:')).toBe(1)
  })

  it('for one unknown session make a read each where the rule wants no older answer', async () => {
    await runtime.stop()
    runtime = await start({
      SESSION_STORE: 'upstash',
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${kv.port}`,
      UPSTASH_REDIS_REST_TOKEN: 't',
    })
    const headers = unknown()
    const sent: Sent[] = []
    for (let began = 0; began < 5; began++) {
      sent.push(send(headers, '/strict'))
      await until(() => asked(kv, 'session:') > began)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await statuses(sent)).toEqual([401])
    expect(asked(kv, 'session:')).toBe(5)
  })

  it('with a token of an issuer whose keys nobody has yet make one read of KV and one fetch', async () => {
    const authorization = `Bearer ${await issuer.token()}`
    // it is let through: behind the gate nobody listens
    expect(await statuses(many(50, { authorization }))).toEqual([502])
    expect([asked(kv, 'keys:'), asked(keys, '/')]).toEqual([1, 1])
  })
})

describe('when the one that began leaves', () => {
  it('the others have their answer from its read of KV, and the next request works', async () => {
    const headers = unknown()
    const first = send(headers)
    await until(() => kv.asked.length > 0)
    const others = many(20, headers)
    await new Promise((resolve) => setTimeout(resolve, holdMilliseconds / 3))
    first.request.destroy()
    expect(await statuses(others)).toEqual([401])
    expect(asked(kv, 'session:')).toBe(1)
    expect(await send(headers).status).toBe(401)
  })

  it('and KV hangs, the others are told within the bound, and the next request works', async () => {
    kv.hangsOn = '/'
    const headers = unknown()
    const first = send(headers)
    await until(() => kv.asked.length > 0)
    const others = many(20, headers)
    await new Promise((resolve) => setTimeout(resolve, 100))
    first.request.destroy()
    expect(await statuses(others)).toEqual([503])
    // two waits in a row would take twice the bound
    expect(await slowest(others)).toBeLessThan(1.9 * boundMilliseconds)
    kv.hangsOn = null
    expect(await send(headers).status).toBe(401)
  })

  it('the others have their answer from its fetch of keys, and the next request works', async () => {
    const authorization = `Bearer ${await issuer.token()}`
    const first = send({ authorization })
    await until(() => keys.asked.length > 0)
    const others = many(20, { authorization })
    await new Promise((resolve) => setTimeout(resolve, holdMilliseconds / 3))
    first.request.destroy()
    expect(await statuses(others)).toEqual([502])
    expect(asked(keys, '/')).toBe(1)
    expect(await send({ authorization }).status).toBe(502)
  })

  it('and the issuer hangs, the others are told within the bound', async () => {
    keys.hangsOn = '/'
    const authorization = `Bearer ${await issuer.token()}`
    const first = send({ authorization })
    await until(() => keys.asked.length > 0)
    const others = many(20, { authorization })
    first.request.destroy()
    expect(await statuses(others)).toEqual([503])
    // two waits in a row would take twice the bound
    expect(await slowest(others)).toBeLessThan(1.9 * boundMilliseconds)
  })
})

describe('a KV that hangs', () => {
  it('on the keys of an issuer costs a Bearer token a quarter of the bound, and no more', async () => {
    kv.hangsOn = '/keys:'
    const sent = send({ authorization: `Bearer ${await issuer.token()}` })
    expect(await sent.status).toBe(502)
    expect(await sent.milliseconds).toBeLessThan(boundMilliseconds)
  })

  it('on all keeps a Bearer token out within the bound: nobody knows whether it was ended', async () => {
    kv.hangsOn = '/'
    const sent = send({ authorization: `Bearer ${await issuer.token()}` })
    expect(await sent.status).toBe(503)
    expect(await sent.milliseconds).toBeLessThan(2 * boundMilliseconds)
  })
})
