import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUpstashStore, openUpstash } from '../../src/session/stores/upstash.ts'
import { openTestGateway } from '../support/gateway.ts'
import { type Bridge, hasRedis, type RedisProcess, startBridge, startRedis } from '../support/redis.ts'
import { laySession } from '../support/sessions.ts'

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

  it('costs so many bytes, with all that lists and ends it', async () => {
    const memory = async () => Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1])
    const { url, token } = bridge
    const store = createUpstashStore(openUpstash({ url, token, timeoutMilliseconds: 5_000 }))
    await redis.command('FLUSHALL')
    const before = await memory()
    const now = Date.now() / 1000
    for (let at = 0; at < 1_000; at += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, more) =>
          laySession(store, { subject: `user-${at + more}`, roles: ['staff'], ttlSeconds: 43_200 }, now),
        ),
      )
    expect(((await memory()) - before) / 1_000).toBeLessThan(1_200)
  })
})
