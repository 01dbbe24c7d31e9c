/** All kinds of traffic through a gateway whose upstream misbehaves: `npm run soak`. Ends in one JSON line; bench/README.md says how to read it. */

import { randomInt } from 'node:crypto'
import { Agent } from 'node:http'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createMemoryStore } from '../src/session/stores/memory.ts'
import { createCsrfTokens, csrfCookie } from '../src/shield/csrf-token.ts'
import { type RuntimeName, runtimeNames, startRuntime } from '../test/support/runtimes.ts'
import { laySession } from '../test/support/sessions.ts'
import { csrfKey, environmentOf, listen, serveKv } from '../test/support/surroundings.ts'
import { residentMebibytes } from './cost.ts'
import type { Kind, Person, Verdict } from './soak/kind.ts'
import { startSoakOrigin } from './soak/origin.ts'
import { kinds } from './soak/traffic.ts'

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, runtime: { type: 'string', default: 'workerd' } },
})
const seconds = Number(options.seconds)
const name = runtimeNames.find((one) => one === options.runtime)
if (!name) throw new Error(`--runtime ${options.runtime}: there are ${runtimeNames.join(', ')}`)
if (!(seconds >= 10)) throw new Error(`--seconds ${options.seconds}: a number, at least 10`)

const clients = 24
const people = 200
const allowedGrowth = 0.1
/** A shorter run says nothing of leaks: the heap is still warming up. */
const isMemoryJudged = seconds >= 60
const mostStretches = 3
const patienceMilliseconds = 20_000
/** What workerd logs of an answer that had to be broken off, as docs/runtimes.md says. */
const brokenAnswer = /server\/listen\/mod\.rs:\d+: error: Uncaught exception: .*AbortError/

const crowd = await Promise.all(Array.from({ length: people }, (_, at) => personOf(`user-${at}z`)))
const origin = await startSoakOrigin()
const kv = serveKv(new Map(crowd.map(({ place, key, record }) => [`${place}/${key}`, record])))
const gateway = await startGateway(name)
const agent = new Agent({ keepAlive: true, maxSockets: clients })
const lottery = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
const tally = { requests: 0, right: 0, unprovoked5xx: 0, crossed: 0, wrong: 0 }
const faults = new Map<string, number>()
let isOver = false

const traffic = Array.from({ length: clients }, wander)
let memoryGrowth = await growth()
// a heap that warms up comes to an end of that, a leak doesn't
for (let more = 1; more < mostStretches && isMemoryJudged && memoryGrowth > allowedGrowth; more++)
  memoryGrowth = await growth()
isOver = true
await Promise.all(traffic)
agent.destroy()
await wait(1_500)
let leftBehind = origin.open()
for (let tries = 0; tries < 50 && leftBehind.length > 0; tries++) {
  await wait(200)
  leftBehind = origin.open()
}
const output = gateway.output()
await gateway.stop()
origin.close()
kv.close()
kv.closeAllConnections()

const outcries = (output.match(/^.*(?:uncaught|unhandled).*$/gim) ?? []).filter((line) => !brokenAnswer.test(line))
for (const [what, times] of faults) console.error(`${times} × ${what}`)
for (const line of outcries.slice(0, 10)) console.error(line)
if (leftBehind.length > 0) console.error(`of clients that left are still open upstream: ${leftBehind.join(', ')}`)
const { requests, unprovoked5xx, crossed } = tally
console.log(JSON.stringify({ requests, unprovoked5xx, crossed, memoryGrowth }))
const isGood = unprovoked5xx + crossed + tally.wrong + outcries.length + leftBehind.length === 0 && requests > 0
process.exitCode = isGood && (memoryGrowth <= allowedGrowth || !isMemoryJudged) ? 0 : 1

async function wander(): Promise<void> {
  const client = { port: gateway.port, agent, somebody: () => oneOf(crowd) }
  while (!isOver) {
    const kind: Kind = oneOf(lottery)
    const endless: Verdict = { kind: 'wrong', what: `${kind.name}: no end of it` }
    count(await Promise.race([kind.run(client), wait(patienceMilliseconds, endless, { ref: false })]))
  }
}

function count(verdict: Verdict): void {
  tally.requests++
  tally[verdict.kind]++
  if (verdict.kind === 'right') return
  const line = `${verdict.kind}: ${verdict.what}`
  faults.set(line, (faults.get(line) ?? 0) + 1)
}

/** How much memory the last fifth of a stretch takes above the fifth that follows the warm-up: two fifths of it. */
async function growth(): Promise<number> {
  const resident: number[] = []
  for (let at = 0; at < seconds * 4; at++) {
    await wait(250)
    resident.push(residentMebibytes(gateway.pid))
  }
  const fifth = Math.floor(resident.length / 5)
  const median = (from: number): number => resident.slice(from, from + fifth).sort((a, b) => a - b)[fifth >> 1] ?? 0
  return Math.round((median(4 * fifth) / median(2 * fifth) - 1) * 1000) / 1000
}

function oneOf<T>(list: readonly T[]): T {
  const one = list[randomInt(list.length)]
  if (one === undefined) throw new TypeError('nobody to choose from')
  return one
}

async function personOf(subject: string): Promise<Person & { place: string; key: string; record: string }> {
  const now = Date.now() / 1000
  const store = createMemoryStore(() => now)
  const { cookie, key, record } = await laySession(store, { subject, ttlSeconds: 3_600 }, now)
  const csrfToken = await createCsrfTokens([Buffer.from(csrfKey, 'base64url')], () => now).issue(cookie)
  return {
    subject,
    csrfToken,
    cookie: `__Host-sallyport=${cookie}; ${csrfCookie}=${csrfToken}`,
    place: key.place,
    key: key.name,
    record: JSON.stringify(record),
  }
}

async function startGateway(runtime: RuntimeName) {
  return startRuntime(runtime, {
    kvPort: Number(new URL(await listen(kv)).port),
    environment: {
      ...environmentOf(origin.url, origin.url),
      SESSION_STORE: runtime === 'workerd' ? 'kv' : 'memory',
      TEST_SESSIONS: JSON.stringify(crowd.map(({ place, key, record }) => [place, key, record])),
      LOG: 'off',
    },
  })
}
