/** Remembers which upstreams couldn't be reached, and how many more tries there may be. One memory per instance. */

import type { Origin, Upstream } from '../route/table.ts'

export interface UpstreamMemory {
  /** In which order they are to be tried: those that rest come last, for one that rests is better than none. */
  inOrder(origin: Origin): readonly Upstream[]
  /** It couldn't be reached: it rests for as long as its origin says. */
  noteFailure(origin: Origin, upstream: Upstream): void
  noteRequest(): void
  /** Whether there may be one more try; it is taken with the asking. */
  takeRetry(): boolean
}

/** At most so many tries in a row, and one for every ten requests after that: an upstream in trouble isn't buried. */
const fullBudget = 20
const earnedPerRequest = 0.1

/** @param now seconds since the epoch */
export function createUpstreamMemory(now: () => number): UpstreamMemory {
  const restsUntil = new WeakMap<Upstream, number>()
  let budget = fullBudget
  const isResting = (upstream: Upstream): boolean => (restsUntil.get(upstream) ?? 0) > now()
  return {
    inOrder({ upstreams }) {
      if (upstreams.length === 1) return upstreams
      return [...upstreams.filter((one) => !isResting(one)), ...upstreams.filter(isResting)]
    },
    noteFailure(origin, upstream) {
      restsUntil.set(upstream, now() + origin.restSeconds)
    },
    noteRequest() {
      budget = Math.min(fullBudget, budget + earnedPerRequest)
    },
    takeRetry() {
      if (budget < 1) return false
      budget -= 1
      return true
    },
  }
}
