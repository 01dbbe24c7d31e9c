/** Weighs a hundred thousand sessions in Redis, and what a look-up among them costs: `npm run bench:sessions`. Ends in one JSON line. */

import process from 'node:process'
import { type MadeSession, makeSession } from '../src/session/life.ts'
import { lookUp } from '../src/session/look.ts'
import { nowhere } from '../src/session/session.ts'
import { createUpstashStore, type RedisCommands } from '../src/session/stores/upstash.ts'
import { hasRedis, type RedisProcess, startRedis } from '../test/support/redis.ts'
import { testBook } from '../test/support/sessions.ts'

if (!hasRedis()) throw new Error('redis-server is missing: apt-get install redis-server')

const [few, many] = [100, 100_000]
const mostRatio = 1.1
const rounds = 61
const lookUpsPerRound = 300
const now = (): number => Date.now() / 1000

interface Filled {
  readonly redis: RedisProcess
  readonly made: readonly MadeSession[]
  readonly bytesPerSession: number
}

const [small, large] = [await fill(few), await fill(many)]
const costs = { small: [] as number[], large: [] as number[] }
// in turns, so that whatever else the machine does falls on both
for (let round = 0; round < rounds; round++) {
  costs.small.push(await microsecondsOf(small, round))
  costs.large.push(await microsecondsOf(large, round))
}
await small.redis.stop()
await large.redis.stop()
const [one, other] = [median(costs.small), median(costs.large)]
const ratio = Math.round((other / one) * 100) / 100
console.log(
  JSON.stringify({
    sessions: many,
    bytesPerSession: large.bytesPerSession,
    lookUpMicroseconds: { [few]: Math.round(one), [many]: Math.round(other) },
    ratio,
  }),
)
process.exitCode = ratio <= mostRatio ? 0 : 1

/** Each session is another subject's, made as a sign-in makes it. */
async function fill(count: number): Promise<Filled> {
  const redis = await startRedis()
  process.once('exit', () => redis.child.kill('SIGKILL'))
  const parts = { store: createUpstashStore(commandsOf(redis)), book: testBook, now }
  const before = await memoryOf(redis)
  const made: MadeSession[] = []
  while (made.length < count) {
    const from = made.length
    const making = Array.from({ length: Math.min(100, count - from) }, (_, more) => {
      const subject = `user-${String(from + more).padStart(6, '0')}`
      const who = { subject, issuer: 'origin:app', roles: ['staff'], claims: { email: `${subject}@example.com` } }
      return makeSession(parts, { ...who, idleSeconds: 3_600, maxSeconds: 43_200 }, nowhere)
    })
    made.push(...(await Promise.all(making)))
  }
  return { redis, made, bytesPerSession: Math.round(((await memoryOf(redis)) - before) / count) }
}

/** Of one look-up: hash, one round trip, record and marks read. As many people ask of both; others each round. */
async function microsecondsOf({ redis, made }: Filled, round: number): Promise<number> {
  const parts = { store: createUpstashStore(commandsOf(redis)), book: testBook, now }
  const asking = Array.from({ length: few }, (_, at) => made[(round * 104_729 + at * 7_919) % made.length])
  // an instance knows the places of those who ask it
  for (const { record } of asking.flatMap((session) => session ?? []))
    await testBook.place(record.issuer, record.subject)
  const startedAt = performance.now()
  for (let at = 0; at < lookUpsPerRound; at++) {
    const looked = await lookUp(parts, asking[at % few]?.cookie ?? '')
    if (looked.kind !== 'live') throw new Error(`a session is lost: ${looked.fault}`)
  }
  return ((performance.now() - startedAt) * 1_000) / lookUpsPerRound
}

/** Without HTTP between: what is compared is Redis. */
function commandsOf({ command }: RedisProcess): RedisCommands {
  const evaluate = (script: string, names: string[], values: string[]) =>
    command('EVAL', script, String(names.length), ...names, ...values)
  return {
    mget: (...names) => command('MGET', ...names),
    set: (name, text, options) => command('SET', name, text, ...(options ? ['PX', String(options.px)] : [])),
    del: (name) => command('DEL', name),
    eval: evaluate,
  }
}

async function memoryOf(redis: RedisProcess): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1])
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
