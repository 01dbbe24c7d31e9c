/** Measures scenarios: rounds that alternate between ours and the base, so that both meet the same machine. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuMilliseconds, peakMebibytes, resetPeak, residentMebibytes } from './cost.ts'
import { askInTurn } from './latency.ts'
import type { Loaded, Loader } from './load.ts'
import { type Credentials, kindsOf, type RequestKind } from './requests.ts'
import type { Leg, Scenario } from './scenarios.ts'
import type { Subjects } from './subjects.ts'
import { transfer } from './transfer.ts'

/** One leg in one round. */
export interface Sample {
  readonly cpuMicroseconds: number
  readonly perSecond: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  /** By how much the peak exceeded what the process had before, in MiB. */
  readonly grownMebibytes: number
  readonly peakMebibytes: number
  /** Reads of stores and fetches of keys, per request. */
  readonly fetches: number
}

export interface Round {
  readonly ours: Sample
  readonly base: Sample
  readonly less: Sample | null
}

export interface Pace {
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  /** For requests of many kinds, of which each has to have been seen. */
  readonly longWarmUpSeconds: number
}

export interface MeasureParts {
  readonly subjects: Subjects
  readonly loader: Loader
  readonly credentials: Credentials
  readonly folder: string
  readonly pace: Pace
  /** So far, by everyone. */
  fetches(): number
}

/** After so many of a kind Node and Deno take no longer to answer one than after ten times as many. */
const jitRequests = 30_000
const mostJitSeconds = 20

export type Measure = (scenario: Scenario) => Promise<readonly Round[]>

export function createMeasure({ subjects, loader, credentials, folder, pace, fetches }: MeasureParts): Measure {
  const kinds = kindsOf(credentials)
  const files = new Map<RequestKind, { file: string; first: string; isLong: boolean }>()
  const warm = new Set<string>()
  const sent = new Map<string, number>()

  return async ({ ours, base, less, isBig, isLatency }) => {
    const sample = isBig ? sampleOfTransfer : (leg: Leg) => sampleOfLoad(leg, isLatency ?? false)
    const rounds: Round[] = []
    for (const leg of [base, ours, ...(less ? [less] : [])]) await warmUp(leg, isBig ?? false)
    for (let at = 0; at < pace.rounds; at++) {
      // who goes first changes, so that neither gains by what the other left behind
      const early = at % 2 === 0 ? await sample(base) : null
      const mine = await sample(ours)
      const subtracted = less ? await sample(less) : null
      rounds.push({ ours: mine, base: early ?? (await sample(base)), less: subtracted })
    }
    return rounds
  }

  async function prepared(kind: RequestKind): Promise<{ file: string; first: string; isLong: boolean }> {
    const there = files.get(kind)
    if (there) return there
    const requests = await kinds[kind]()
    const made = { file: join(folder, `${kind}.requests`), first: requests[0] ?? '', isLong: requests.length > 100 }
    writeFileSync(made.file, requests.join('\0'))
    files.set(kind, made)
    return made
  }

  /** A JIT that is cold measures nothing. */
  async function warmUp(leg: Leg, isBig: boolean): Promise<void> {
    const { isLong } = await prepared(leg.requests)
    const name = `${leg.subject} ${leg.requests}`
    if (warm.has(name)) return
    warm.add(name)
    if (isBig) return void (await sampleOfTransfer(leg))
    let { requests } = await load(leg, isLong ? pace.longWarmUpSeconds : 1)
    // the runtime itself is JavaScript there, and the bare one gets its share of requests in scenario after scenario
    if (leg.subject.startsWith('workerd')) return
    for (let seconds = 1; requests < jitRequests && seconds < mostJitSeconds; seconds++)
      requests += (await load(leg, 1)).requests
  }

  async function load(leg: Leg, seconds: number, isLatency = false): Promise<Loaded> {
    const { file, first } = await prepared(leg.requests)
    const { port, output } = await subjects.running(leg.subject)
    const name = `${leg.subject} ${leg.requests}`
    const from = sent.get(name) ?? 0
    const { connections } = pace
    const send = () =>
      isLatency ? askInTurn(port, first, seconds) : loader.send({ port, file, from, seconds, connections })
    let loaded = await send()
    // a machine that has other things to do may let a whole second pass without an answer
    for (let again = 0; loaded.requests === 0 && again < 2; again++) loaded = await send()
    sent.set(name, from + loaded.requests)
    const wrong = leg.isRefused ? loaded.requests - loaded.refused : loaded.refused
    if (loaded.requests === 0 || wrong + loaded.broken > 0)
      throw new Error(
        `${leg.subject}, ${leg.requests}: of ${loaded.requests} requests ${wrong} were answered wrongly, ${loaded.broken} not at all\n${output().slice(-2000)}`,
      )
    return loaded
  }

  async function sampleOfLoad(leg: Leg, isLatency: boolean): Promise<Sample> {
    const { pid } = await subjects.running(leg.subject)
    resetPeak(pid)
    const before = { cpu: cpuMilliseconds(pid), memory: residentMebibytes(pid), fetches: fetches() }
    const { requests, microseconds, p50, p99 } = await load(leg, pace.seconds, isLatency)
    const peak = peakMebibytes(pid)
    return {
      cpuMicroseconds: ((cpuMilliseconds(pid) - before.cpu) * 1000) / requests,
      perSecond: (requests * 1e6) / microseconds,
      p50Milliseconds: p50 / 1000,
      p99Milliseconds: p99 / 1000,
      grownMebibytes: peak - before.memory,
      peakMebibytes: peak,
      fetches: (fetches() - before.fetches) / requests,
    }
  }

  /** One body is one request: `perSecond` is MiB per second, and there are no percentiles. */
  async function sampleOfTransfer(leg: Leg): Promise<Sample> {
    const { port, pid } = await subjects.running(leg.subject)
    const { first } = await prepared(leg.requests)
    resetPeak(pid)
    const before = { cpu: cpuMilliseconds(pid), memory: residentMebibytes(pid), fetches: fetches() }
    const perSecond = await transfer(port, first)
    const peak = peakMebibytes(pid)
    return {
      cpuMicroseconds: (cpuMilliseconds(pid) - before.cpu) * 1000,
      perSecond,
      p50Milliseconds: 0,
      p99Milliseconds: 0,
      grownMebibytes: peak - before.memory,
      peakMebibytes: peak,
      fetches: fetches() - before.fetches,
    }
  }
}
