import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createSessionReader } from '../../src/authenticate/session.ts'
import { nothingSpent } from '../../src/authenticate/spent.ts'
import { createKvStore, type KvNamespace } from '../../src/session/stores/kv.ts'
import { laySession, testBook } from '../support/sessions.ts'

const store = createKvStore(env['SESSIONS'] as KvNamespace)
const now = Date.now() / 1000

async function faultOf(change: object | string | null): Promise<string> {
  const session = await laySession(store, { subject: 'user-0', ttlSeconds: 600 }, now)
  const text = typeof change === 'string' ? change : JSON.stringify({ ...session.record, ...change })
  if (change === null) await store.delete(session.key)
  else await store.write(session.key, text, 600)
  const sessions = createSessionReader({
    store,
    book: testBook,
    now: () => now,
    timeoutMilliseconds: 2_000,
    unknownPerSecond: 1_000,
  })
  const read = await sessions.read(
    session.cookie,
    { freshnessSeconds: 5, staleIfErrorSeconds: 0, origin: 'app' },
    () => undefined,
    nothingSpent(),
  )
  if (read.ok) return `it is ${read.value.subject}`
  return 'fault' in read.error ? read.error.fault : read.error.reason
}

it.each([
  ['is found', {}, 'it is user-0'],
  ['is unknown', null, 'unknown'],
  ['is over, and still there', { expiresAt: now - 1 }, 'expired'],
  ['is of a version to come', { v: 2 }, 'version'],
  ['is corrupt', '{"v":1,', 'corrupt'],
  ['is of 1 MiB', { claims: { big: 'x'.repeat(1_048_576) } }, 'corrupt'],
  ['is empty', '', 'corrupt'],
])('a session in Workers KV that %s', async (_, change, expected) => {
  expect(await faultOf(change)).toBe(expected)
})
