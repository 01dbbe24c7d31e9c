/** Measures on workerd how long an ended session still passes on another instance: `npm run bench:revoke`. Ends in one JSON line. */

import { Agent, createServer, request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { boundSeconds } from '../src/session/bound.ts'
import { promisesOf, type StoreName } from '../src/session/store.ts'
import { hasRedis, startBridge, startRedis } from '../test/support/redis.ts'
import { listen } from '../test/support/surroundings.ts'
import { type Instance, startInstances } from './instances.ts'
import { createLateKv } from './late-kv.ts'

/** Of a rule that doesn't write it. */
const freshnessSeconds = 5
/** What the bench's own clock and way through the sockets may add. */
const slackSeconds = 0.25
const adminSecret = 'a-secret-for-the-bench-and-for-nothing-else'
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

interface Row {
  readonly store: StoreName
  readonly isStrict: boolean
}

const closing: (() => unknown)[] = []
const upstream = createServer((_, response) => void response.end('ok'))
const environment = { APP_URL: await listen(upstream), ADMIN_SECRET: adminSecret, LOG: 'off' }
const agent = new Agent({ keepAlive: true })
const pairs = [...(await kv()), ...pairOf('durable-object', {}), ...(await redis())]
const instances = await startInstances(join(import.meta.dirname, 'entry/revoke-worker.ts'), pairs)
const stores = [...new Set(pairs.map(({ environment: { SESSION_STORE } }) => SESSION_STORE as StoreName))]
const rows = stores.flatMap((store): Row[] =>
  promisesOf[store].stalenessSeconds > 0
    ? [{ store, isStrict: false }]
    : [
        { store, isStrict: false },
        { store, isStrict: true },
      ],
)
const results: Record<string, { boundSeconds: number; measuredSeconds: number }> = {}
await Promise.all(rows.map(measure))

agent.destroy()
await instances.stop()
for (const close of closing) await close()
upstream.closeAllConnections()
upstream.close()
console.log(JSON.stringify(Object.fromEntries(Object.entries(results).sort(([a], [b]) => a.localeCompare(b)))))
const isWithin = (row: { boundSeconds: number; measuredSeconds: number }): boolean =>
  row.measuredSeconds <= row.boundSeconds + slackSeconds
process.exitCode = Object.values(results).every(isWithin) ? 0 : 1

async function measure({ store, isStrict }: Row): Promise<void> {
  const name = isStrict ? `${store}, strict rule` : store
  // another person for each row: what a strict rule learns, the others know too
  const subject = isStrict ? 'bob' : 'ada'
  const made = await admin(`${store}-ending`, '/sessions', { subject })
  if (made.status !== 201) throw new Error(`${name}: no session was made (${made.status} ${made.text})`)
  const { cookie } = JSON.parse(made.text) as { cookie: string }
  const passes = async (): Promise<boolean> => {
    const { status } = await ask(`${store}-hammered`, isStrict ? '/strict' : '/', 'GET', { cookie })
    if (status !== 200 && status !== 401) throw new Error(`${name}: ${status}`)
    return status === 200
  }
  // known there, and in the middle of its freshness
  if (!(await passes())) throw new Error(`${name}: the session did not work`)
  await wait(1_000)
  await passes()
  const ended = await admin(`${store}-ending`, '/sessions/end', { issuer: 'sallyport', subject })
  if (ended.status !== 204) throw new Error(`${name}: the end was not confirmed (${ended.status})`)
  const endedAt = performance.now()
  const bound = boundSeconds(isStrict ? 0 : freshnessSeconds, promisesOf[store]) ?? 0
  let lastAt = endedAt
  while (performance.now() - endedAt < (bound + 3) * 1_000) {
    const startedAt = performance.now()
    if (await passes()) lastAt = startedAt
    await wait(isStrict ? 1 : 5)
  }
  results[name] = { boundSeconds: bound, measuredSeconds: Math.round(lastAt - endedAt) / 1_000 }
}

function admin(instance: string, path: string, body: object): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${adminSecret}` }
  return ask(instance, `/.sallyport/admin${path}`, 'POST', headers, JSON.stringify(body))
}

function ask(
  instance: string,
  path: string,
  method: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const to = { host: '127.0.0.1', port: instances.portOf(instance), path, method, agent }
    const sent = request({ ...to, headers: { ...headers, host: 'app.test' } }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, text })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function pairOf(store: StoreName, more: Record<string, string>, kvPorts: readonly number[] = []): Instance[] {
  return ['ending', 'hammered'].map((role, at) => ({
    name: `${store}-${role}`,
    environment: { ...environment, SESSION_STORE: store, ...more },
    ...(kvPorts[at] && { kvPort: kvPorts[at] }),
  }))
}

/** Each instance in a place of its own. */
async function kv(): Promise<Instance[]> {
  const texts = new Map<string, string>()
  const servers = [1, 2].map(() => createLateKv(texts, promisesOf.kv.stalenessSeconds))
  const urls = await Promise.all(servers.map(listen))
  closing.push(() => {
    for (const server of servers) server.closeAllConnections()
    for (const server of servers) server.close()
  })
  return pairOf(
    'kv',
    {},
    urls.map((url) => Number(new URL(url).port)),
  )
}

async function redis(): Promise<Instance[]> {
  if (!hasRedis()) {
    console.error('redis-server is missing: apt-get install redis-server; left out')
    return []
  }
  const server = await startRedis()
  const bridge = await startBridge(server.port)
  closing.push(bridge.close, server.stop)
  return pairOf('upstash', { UPSTASH_REDIS_REST_URL: bridge.url, UPSTASH_REDIS_REST_TOKEN: bridge.token })
}
