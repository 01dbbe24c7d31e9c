import process from 'node:process'
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
