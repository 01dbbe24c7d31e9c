import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUpstashStore, openUpstash } from '../../src/session/stores/upstash.ts'
import { openTestGateway } from '../support/gateway.ts'
import { type Bridge, hasRedis, type RedisProcess, startBridge, startRedis } from '../support/redis.ts'

const run = promisify(execFile)
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0
const folder = join(import.meta.dirname, '../../examples/storage')
const snippets: readonly (readonly [string, string])[] = [
  ['php', 'write.php'],
  ['python3', 'write.py'],
  [process.execPath, 'write.mjs'],
]
const secret = 'a-secret-for-this-test-and-for-no-other'
const rules = [{ path: '/*', access: { roles: ['staff'] }, freshness: 0 }]

describe.skipIf(!hasRedis())('a session that others wrote to Redis (needs redis-server)', () => {
  let redis: RedisProcess
  let bridge: Bridge
  beforeAll(async () => {
    redis = await startRedis()
    bridge = await startBridge(redis.port)
  })
  afterAll(async () => {
    await bridge.close()
    await redis.stop()
  })

  it.each(snippets)('%s', async (program, file) => {
    if (!has(program)) return console.warn(`${program} is missing: left out`)
    const { url, token } = bridge
    const env = { PATH: process.env['PATH'], UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token }
    const { stdout } = await run(program, [join(folder, file), 'ada'], { env })
    const store = createUpstashStore(openUpstash({ url, token, timeoutMilliseconds: 2_000 }))
    const identity = { headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email' } }
    const routes = {
      origins: [{ name: 'app', host: 'a.example', upstream: 'http://127.0.0.1:1', session: true, identity, rules }],
    }
    const { ask, gateway } = openTestGateway(routes, { SESSION_STORE: 'memory', ADMIN_SECRET: secret }, { store })
    const cookie = stdout.trim()
    const before = bridge.requests()
    const { sent } = await ask('GET https://a.example/', { cookie })
    expect([sent.get('x-remote-user'), sent.get('x-remote-email')]).toEqual(['ada', 'ada@example.com'])
    expect(bridge.requests() - before).toBe(file === 'write.mjs' ? 1 : 2)
    await gateway.endpoints.fetch(
      new Request('https://a.example/.sallyport/admin/sessions/end', {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: JSON.stringify({ issuer: 'legacy', subject: 'ada' }),
      }),
    )
    expect((await ask('GET https://a.example/', { cookie })).answer.status).toBe(401)
    // the next one is made after that not-before
    await new Promise((resolve) => setTimeout(resolve, 1_100))
  })

  it('costs so many bytes, and a look-up among 100,000 no more than among 100', { timeout: 60_000 }, async () => {
    const memory = async () => Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1])
    const record = JSON.stringify({
      v: 1,
      id: 'x'.repeat(33),
      subject: 'user-000000',
      issuer: 'origin:app',
      claims: { email: 'user-000000@example.com' },
      roles: ['staff'],
      scopes: [],
      createdAt: 1_800_000_000.123,
      lastSeenAt: 1_800_000_000.123,
      expiresAt: 1_800_003_600.123,
      endsAt: 1_800_043_200.123,
    })
    const keyAt = (at: number) => `session:${String(at).padStart(43, 'k')}`
    const fill = async (from: number, to: number) => {
      for (let at = from; at < to; at += 1_000)
        await Promise.all(
          Array.from({ length: Math.min(1_000, to - at) }, (_, more) =>
            redis.command('SET', keyAt(at + more), record, 'PX', '43200000'),
          ),
        )
    }
    const marks = ['replaced:x', 'ended:x', 'not-before:x', 'not-before-issuer:x']
    const cost = async (count: number): Promise<number> => {
      const rounds: number[] = []
      for (let round = 0; round < 7; round++) {
        const startedAt = performance.now()
        for (let at = 0; at < 1_000; at++) await redis.command('MGET', keyAt((at * 7_919) % count), ...marks)
        rounds.push(performance.now() - startedAt)
      }
      return Math.min(...rounds)
    }
    await redis.command('FLUSHALL')
    await fill(0, 100)
    await cost(100)
    const few = await cost(100)
    const before = await memory()
    await fill(100, 100_000)
    const bytes = Math.round(((await memory()) - before) / 99_900)
    const ratio = (await cost(100_000)) / few
    console.info(
      JSON.stringify({ sessions: 100_000, bytesPerSession: bytes, lookUpAgainst100: Number(ratio.toFixed(2)) }),
    )
    expect(bytes).toBeLessThan(1_200)
    // the machine may be busy with others
    expect(ratio).toBeLessThan(1.6)
  })
})
