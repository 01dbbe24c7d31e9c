/** Two thousand sessions on workerd while their Redis is killed, stopped, and emptied by half: `npm run chaos`. Ends in one JSON line. */

import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { placeOfId } from '../src/session/address.ts'
import { endSession } from '../src/session/ending.ts'
import { createUpstashStore, openUpstash } from '../src/session/stores/upstash.ts'
import { hasRedis, startBridge, startRedis } from '../test/support/redis.ts'
import { startRuntime } from '../test/support/runtimes.ts'
import { type Laid, laySession, testBook } from '../test/support/sessions.ts'

if (!hasRedis()) throw new Error('redis-server is missing: apt-get install redis-server')

/** For so long after its end a session may pass: by a strict rule, and by one that believes a look-up for 5 s. */
const bounds = { '/strict': 0, '/': 5_000 } as const
const count = 2_000
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const folder = await mkdtemp(join(tmpdir(), 'sallyport-chaos-'))
let redis = await startRedis(undefined, folder)
const bridge = await startBridge(redis.port)
const store = createUpstashStore(openUpstash({ ...bridge, timeoutMilliseconds: 5_000 }))
const upstream = createServer((_, response) => void response.end('ok'))
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const app = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
const sessions: (Laid & { endedAt?: number; isEnding?: boolean; isGone?: boolean })[] = []
for (let at = 0; at < count; at++)
  sessions.push(await laySession(store, { subject: `user-${at}`, ttlSeconds: 3_600 }, Date.now() / 1000))
const entry = '../../bench/entry/revoke-worker.ts'
const gateway = await startRuntime('workerd', {
  entry: { workerd: entry, deno: entry, node: entry },
  environment: {
    APP_URL: app,
    SESSION_STORE: 'upstash',
    UPSTASH_REDIS_REST_URL: bridge.url,
    UPSTASH_REDIS_REST_TOKEN: bridge.token,
    STORE_TIMEOUT_MS: '500',
    LOG: 'off',
  },
})

const tally = { allowed: 0, refused: 0, unavailable: 0, other: 0, wronglyAllowed: 0, lost: 0, cookiesDeleted: 0 }
let hasReturnedAt: number | null = null
const recoveries: number[] = []
let isOver = false
const agent = new Agent({ keepAlive: true, maxSockets: 40 })
const traffic = Array.from({ length: 32 }, hammer)

await wait(3_000)
await endSome(100)
await wait(2_000)
await redis.stop()
await wait(5_000)
redis = await startRedis(redis.port, folder)
await recover()
await endSome(100)
redis.child.kill('SIGSTOP')
await wait(5_000)
redis.child.kill('SIGCONT')
await recover()
await endSome(100)
const half = sessions.filter((_, at) => at % 2 === 0)
for (const session of half) session.isGone = true
await redis.command('DEL', ...half.map(({ key }) => key.name))
await wait(6_000)
isOver = true
await Promise.all(traffic)

agent.destroy()
await gateway.stop()
await bridge.close()
await redis.stop()
upstream.closeAllConnections()
upstream.close()
await rm(folder, { recursive: true, force: true })
const { allowed, refused, unavailable, wronglyAllowed, lost } = tally
const recoverySeconds = Math.round(Math.max(...recoveries)) / 1000
if (tally.other > 0 || tally.cookiesDeleted > 0) console.error(tally)
console.log(JSON.stringify({ allowed, refused, unavailable, wronglyAllowed, lost, recoverySeconds }))
const isGood = wronglyAllowed + lost + tally.other + tally.cookiesDeleted === 0 && recoverySeconds <= 2
process.exitCode = isGood ? 0 : 1

async function hammer(): Promise<void> {
  while (!isOver) {
    const session = sessions[Math.floor(Math.random() * count)]
    if (!session) continue
    const startedAt = performance.now()
    const path = Math.random() < 0.5 ? '/strict' : '/'
    const { status, deletes } = await ask(session.cookie, path)
    const endedFor = startedAt - (session.endedAt ?? Number.POSITIVE_INFINITY)
    if (deletes) tally.cookiesDeleted++
    if (status === 200) {
      tally.allowed++
      if (endedFor > bounds[path]) tally.wronglyAllowed++
      // what is believed for a while says nothing of the store
      if (path === '/strict' && hasReturnedAt !== null) {
        recoveries.push(performance.now() - hasReturnedAt)
        hasReturnedAt = null
      }
    } else if (status === 401) {
      tally.refused++
      // what was ended or deleted while it was asked about may be either
      if (!session.isEnding && !session.isGone) tally.lost++
    } else if (status === 503) tally.unavailable++
    else tally.other++
    await wait(2)
  }
}

function ask(cookie: string, path: keyof typeof bounds): Promise<{ status: number; deletes: boolean }> {
  return new Promise((resolve) => {
    const headers = { host: 'app.test', cookie: `__Host-sallyport=${cookie}`, accept: 'application/json' }
    const sent = request({ port: gateway.port, host: '127.0.0.1', path, headers, agent }, (response) => {
      response.resume()
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, deletes: response.headers['set-cookie'] !== undefined }),
      )
    })
    sent.on('error', () => resolve({ status: 0, deletes: false }))
    sent.end()
  })
}

async function recover(): Promise<void> {
  hasReturnedAt = performance.now()
  await wait(4_000)
  if (hasReturnedAt !== null) recoveries.push(performance.now() - hasReturnedAt)
}

async function endSome(some: number): Promise<void> {
  const chosen = sessions.filter(({ endedAt }) => endedAt === undefined).slice(0, some)
  for (const session of chosen) {
    session.isEnding = true
    const parts = { store, book: testBook, now: () => Date.now() / 1000 }
    await endSession(parts, placeOfId(session.record.id) ?? '', session.record.id, null)
    session.endedAt = performance.now()
  }
}
