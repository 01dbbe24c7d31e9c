/** What stands around the gateway in a run: origin, sink, issuer, KV, and Redis behind Upstash's protocol. */

import { createServer } from 'node:http'
import { type Bridge, hasRedis, startBridge, startRedis } from '../test/support/redis.ts'
import { serveKv } from '../test/support/surroundings.ts'
import { close, serve, startOrigin, startSink } from './origin.ts'
import type { Credentials } from './requests.ts'
import type { Subject } from './scenarios.ts'

export interface World {
  /** What every gateway and every bare runtime gets. */
  readonly environment: Readonly<Record<string, string>>
  readonly kvPort: number
  /** Empty where there is no redis-server. */
  readonly bridges: ReadonlyMap<Subject, Bridge>
  /** The warm session, for stores that live in the process of the gateway. */
  readonly seeds: string
  readonly origin: string
  /** How often stores were read and keys were fetched so far, by everyone. */
  fetches(): number
  stop(): Promise<void>
}

/** @param delays for each a Redis so far away, in milliseconds */
export async function surround(
  folder: string,
  { jwks, hmacSecret, sessions }: Credentials,
  delays: readonly number[],
): Promise<World> {
  const origin = await startOrigin(folder)
  const sink = await startSink()
  let fetches = 0
  const issuer = createServer((_, response) => {
    fetches++
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(jwks))
  })
  const issuerUrl = await serve(issuer)

  const records = sessions.map(({ key, record }) => [key.place, key.name, JSON.stringify(record)] as const)
  const kv = serveKv(new Map(records.map(([place, name, text]) => [`${place}/${name}`, text])))
  kv.on('request', ({ method }) => {
    if (method !== 'PUT') fetches++
  })
  const kvUrl = await serve(kv)

  const redis = delays.length > 0 && hasRedis() ? await startRedis() : null
  if (delays.length > 0 && !redis) console.error('left out what needs Upstash: there is no redis-server')
  const bridges = new Map<Subject, Bridge>()
  if (redis) {
    await Promise.all(records.map(([, name, text]) => redis.command('SET', name, text)))
    for (const delay of delays)
      bridges.set(`workerd upstash ${delay} ms` as Subject, await startBridge(redis.port, 0, delay))
  }
  return {
    environment: {
      ORIGIN: origin.url,
      SINK: sink.url,
      JWKS_URL: `${issuerUrl}/jwks`,
      HMAC_SECRET: hmacSecret,
      // a line for each request costs what its reader costs, which is another matter
      LOG: 'off',
    },
    kvPort: Number(new URL(kvUrl).port),
    bridges,
    seeds: JSON.stringify(records.slice(0, 1)),
    origin: origin.name,
    fetches: () => [...bridges.values()].reduce((sum, { requests }) => sum + requests(), fetches),
    async stop() {
      for (const bridge of bridges.values()) await bridge.close()
      await redis?.stop()
      await close(kv)
      await close(issuer)
      await sink.stop()
      await origin.stop()
    },
  }
}
