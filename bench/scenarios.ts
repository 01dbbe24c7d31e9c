/** What is measured, against what, and the figure to reach. */

import type { RequestKind } from './requests.ts'

export type Subject =
  | 'workerd bare'
  | 'workerd answering'
  | 'workerd kv'
  | `workerd upstash ${0 | 5 | 30} ms`
  | 'deno bare'
  | 'deno gateway'
  | 'node bare'
  | 'node gateway'

/** One process that gets one kind of request. */
export interface Leg {
  readonly subject: Subject
  readonly requests: RequestKind
  /** Whether its answers are refusals; one of the other kind ends the run. */
  readonly isRefused: boolean
}

export interface Scenario {
  /** As in the JSON line. */
  readonly name: string
  readonly ours: Leg
  readonly base: Leg
  /** Taken off `ours` before it is compared: what remains is one step alone. */
  readonly less?: Leg
  /** One body of 100 MiB at a time, and throughput in place of CPU time. */
  readonly isBig?: true
  /** One request after the other, and the milliseconds that are added to the 99th percentile, in place of CPU time. */
  readonly isLatency?: true
  /** The figure to reach: at most, or for throughput at least; null where none is asked. */
  readonly toReach: number | null
}

const leg = (subject: Subject, requests: RequestKind, isRefused = false): Leg => ({ subject, requests, isRefused })

const workerd = leg('workerd bare', 'page')
const gateway = (requests: RequestKind, isRefused = false): Leg => leg('workerd kv', requests, isRefused)
const far = (requests: RequestKind): Leg => leg('workerd upstash 30 ms', requests)
const scenario = (name: string, ours: Leg, base: Leg, toReach: number | null = null): Scenario => ({
  name,
  ours,
  base,
  toReach,
})
const delays = [0, 5, 30] as const

export const scenarios: readonly Scenario[] = [
  scenario('workerd.pass', gateway('page'), workerd, 1.08),
  scenario('workerd.rs256', gateway('rs256'), workerd, 1.2),
  scenario('workerd.es256', gateway('es256'), workerd, 1.2),
  scenario('workerd.eddsa', gateway('eddsa'), workerd),
  scenario('workerd.hs256', gateway('hs256'), workerd),
  scenario('workerd.session', gateway('session'), workerd, 1.2),
  { ...scenario('workerd.authStep', gateway('rs256'), workerd, 0.12), less: gateway('page') },
  scenario('workerd.tokens20k', gateway('tokens20k'), workerd, 1.4),
  scenario('workerd.sessions20k', gateway('sessions20k'), workerd),
  ...delays.flatMap((delay) => [
    scenario(`workerd.sessionUpstash${delay}`, leg(`workerd upstash ${delay} ms`, 'session'), workerd),
    scenario(`workerd.sessions20kUpstash${delay}`, leg(`workerd upstash ${delay} ms`, 'sessions20k'), workerd),
  ]),
  { ...scenario('workerd.latencyUpstash30', far('session'), far('page'), 1), isLatency: true },
  scenario('workerd.badSignature', gateway('badSignatures', true), workerd, 0.65),
  scenario('workerd.refused', gateway('anonymous', true), leg('workerd answering', 'anonymous', true), 1.35),
  scenario('workerd.preflight', gateway('preflight'), leg('workerd answering', 'preflight', true)),
  scenario('workerd.shield', gateway('shield'), workerd, 1.2),
  scenario('workerd.body64k', gateway('page64k'), leg('workerd bare', 'page64k')),
  scenario('workerd.post1k', gateway('post1k'), leg('workerd bare', 'post1k')),
  scenario('workerd.post64k', gateway('post64k'), leg('workerd bare', 'post64k')),
  { ...scenario('workerd.big', gateway('big'), leg('workerd bare', 'big'), 0.95), isBig: true },
  { ...scenario('workerd.bigUp', gateway('bigPost'), leg('workerd bare', 'bigPost'), 0.95), isBig: true },
  scenario('workerd.rules100', gateway('rules100'), gateway('rules10')),
  scenario('workerd.rules1000', gateway('rules1000'), gateway('rules10'), 1.02),
  ...(['deno', 'node'] as const).flatMap((runtime) => {
    const [bare, ours] = [leg(`${runtime} bare`, 'page'), (kind: RequestKind) => leg(`${runtime} gateway`, kind)]
    const warm = runtime === 'deno' ? 1.25 : 1.3
    return [
      scenario(`${runtime}.pass`, ours('page'), bare),
      scenario(`${runtime}.rs256`, ours('rs256'), bare, warm),
      scenario(`${runtime}.session`, ours('session'), bare, warm),
    ]
  }),
]

/** By names or their beginnings: `workerd`, `workerd.session`, `deno.`. Throws where a word names nothing. */
export function chosen(words: readonly string[]): readonly Scenario[] {
  if (words.length === 0) return scenarios
  for (const word of words)
    if (!scenarios.some(({ name }) => matches(name, word)))
      throw new Error(`no scenario "${word}": write some of ${scenarios.map(({ name }) => name).join(', ')}`)
  return scenarios.filter(({ name }) => words.some((word) => matches(name, word)))
}

const matches = (name: string, word: string): boolean => name === word || name.startsWith(`${word.replace(/\.$/, '')}.`)
