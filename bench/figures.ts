/** What the rounds of a scenario come to: the ratio of each round, and their median, least and most. */

import type { Round, Sample } from './measure.ts'
import type { Scenario } from './scenarios.ts'

export interface Figure {
  readonly scenario: Scenario
  /** Of CPU time per request; of throughput where the bodies are big; for latency no ratio but milliseconds. */
  readonly ratio: number
  readonly min: number
  readonly max: number
  /** Medians. */
  readonly ours: Sample
  readonly base: Sample
}

export function figureOf(scenario: Scenario, rounds: readonly Round[]): Figure {
  // each round by itself: whatever slowed the machine down in it slowed both
  const ratios = rounds.map(({ ours, base, less }) => {
    if (scenario.isBig) return ours.perSecond / base.perSecond
    if (scenario.isLatency) return ours.p99Milliseconds - base.p99Milliseconds
    return (ours.cpuMicroseconds - (less?.cpuMicroseconds ?? 0)) / base.cpuMicroseconds
  })
  return {
    scenario,
    ratio: round3(median(ratios)),
    min: round3(Math.min(...ratios)),
    max: round3(Math.max(...ratios)),
    ours: medians(rounds.map(({ ours }) => ours)),
    base: medians(rounds.map(({ base }) => base)),
  }
}

/** What can be said of the ratio, in words. What is one step alone, or added, is compared with nothing, all else with 1. */
export function wordsOf({ scenario, ratio, min, max }: Figure): string {
  const none = scenario.less || scenario.isLatency ? 0 : 1
  const isNoise = min <= none && max >= none
  if (scenario.toReach === null) return isNoise ? 'inside the noise' : ''
  const isReached = scenario.isBig ? ratio >= scenario.toReach : ratio <= scenario.toReach
  const isClear = scenario.isBig
    ? min >= scenario.toReach || max < scenario.toReach
    : max <= scenario.toReach || min > scenario.toReach
  return [isReached ? 'reached' : 'missed', !isClear && 'within the spread', isNoise && 'difference inside the noise']
    .filter(Boolean)
    .join('; ')
}

function medians(samples: readonly Sample[]): Sample {
  const of = (name: keyof Sample): number => median(samples.map((sample) => sample[name]))
  return {
    cpuMicroseconds: of('cpuMicroseconds'),
    perSecond: of('perSecond'),
    p50Milliseconds: of('p50Milliseconds'),
    p99Milliseconds: of('p99Milliseconds'),
    grownMebibytes: of('grownMebibytes'),
    peakMebibytes: of('peakMebibytes'),
    fetches: of('fetches'),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000
