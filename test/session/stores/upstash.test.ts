import process from 'node:process'
import { Redis } from '@upstash/redis/cloudflare'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUpstashStore, openUpstash } from '../../../src/session/stores/upstash.ts'
import { type Bridge, hasRedis, type RedisProcess, startBridge, startRedis } from '../../support/redis.ts'
import { storeContract } from './contract.ts'

const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = process.env

describe.skipIf(!url && !hasRedis())('with a Redis (needs redis-server, or UPSTASH_REDIS_REST_URL)', () => {
  let redis: RedisProcess | undefined
  let bridge: Bridge | undefined
  beforeAll(async () => {
    if (url) return
    redis = await startRedis()
    bridge = await startBridge(redis.port)
  })
  afterAll(async () => {
    await bridge?.close()
    await redis?.stop()
  })
  const account = () => ({
    url: url ?? bridge?.url ?? '',
    token: token ?? bridge?.token ?? '',
    timeoutMilliseconds: 5_000,
  })
  const open = () => createUpstashStore(openUpstash(account()))

  storeContract('upstash', open)

  // what we send is what Upstash's own client sends: either may stand behind the store
  storeContract('upstash, by its own client', () => {
    const { timeoutMilliseconds, ...rest } = account()
    const signal = () => AbortSignal.timeout(timeoutMilliseconds)
    const quiet = { automaticDeserialization: false, enableAutoPipelining: false, enableTelemetry: false }
    return createUpstashStore(new Redis({ ...rest, ...quiet, retry: { retries: 0 }, signal }))
  })

  it('is asked once, and believed in nothing but a whole answer', async () => {
    let asked = 0
    const answering = (body: unknown, status = 200) => {
      const answer = async (url: string, init: RequestInit): Promise<Response> => {
        asked++
        expect(url).toBe('https://x.upstash.io')
        expect(init).toMatchObject({ method: 'POST', redirect: 'manual', headers: { authorization: 'Bearer t' } })
        return new Response(JSON.stringify(body), { status })
      }
      return createUpstashStore(
        openUpstash({ url: 'https://x.upstash.io', token: 't', timeoutMilliseconds: 1 }, answer),
      )
    }
    const key = { place: '', name: 'not-before:x' }
    const odd: [unknown, number?][] = [
      [{}],
      [null],
      [[]],
      ['OK'],
      [{ result: null }],
      [{ result: [] }],
      [{ result: [1] }],
      [{ error: 'ERR secret' }],
      [{ result: [null], error: 'ERR secret' }],
      [{ result: [null] }, 201],
      [{ result: [null] }, 302],
      [{ result: [null] }, 401],
      [{ result: [null] }, 500],
    ]
    for (const [body, status] of odd) {
      const store = answering(body, status)
      const error = await store.read([key]).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(Error)
      expect(String(error)).not.toMatch(/secret|not-before/)
    }
    expect(await answering({ result: [null] }).read([key])).toEqual([null])
    expect(asked).toBe(odd.length + 1)
  })

  it.skipIf(url)('costs one round trip to read, to write, to swap and to list', async () => {
    const store = open()
    const key = { place: 'p', name: 'session:x' }
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const before = bridge?.requests() ?? 0
      await work()
      return (bridge?.requests() ?? 0) - before
    }
    expect(await cost(() => store.write(key, 'a', 60))).toBe(1)
    expect(await cost(() => store.read(Array.from({ length: 150 }, () => key)))).toBe(1)
    expect(await cost(() => store.swap(key, 'a', 'b', 60))).toBe(1)
    expect(await cost(() => store.list('p', null))).toBe(1)
    expect(await cost(() => store.delete(key))).toBe(1)
  })

  it.skipIf(url)('lets what is over be cleaned up, and the list of a place with it', async () => {
    const store = open()
    await store.write({ place: 'q', name: 'session:short' }, 'a', 10)
    await store.write({ place: 'q', name: 'session:long' }, 'b', 1_000)
    await store.write({ place: 'q', name: 'session:middle' }, 'c', 100)
    await store.write({ place: 'q', name: 'not-before:q' }, '1', null)
    const ttl = (name: string) => redis?.command('TTL', name)
    expect(await ttl('session:short')).toBeLessThanOrEqual(10)
    expect(await ttl('place:q')).toBeGreaterThan(900)
    expect(await ttl('not-before:q')).toBe(-1)
  })
})
