/** Watches over the time that one forward takes, and gives it up when that is over. */

import type { Refusal } from '../decision.ts'
import type { Plan } from '../forward/forward.ts'

export interface Watch {
  /** Aborts when the forward is given up, whoever it is that gives up. Made when it is asked for: not everyone needs it. */
  signal(): AbortSignal
  isGivenUp(): boolean
  /** Calls back when the forward is given up. */
  whenGivenUp(call: () => void): void
  /** Why, as far as it is ours to say; null while all is well, and for a client that left. */
  refusal(): Refusal | null
  /** The upstream isn't waited for, because it is waiting itself: for the rest of a body. */
  hold(): void
  resume(): void
  /** The head of the answer is here. */
  answered(): void
  /** The last byte is through, or nobody wants it: then there is nothing left to give up. */
  end(): void
  giveUp(refusal: Refusal | null): void
}

/**
 * @param progress how many bytes went by so far, either way: while it grows nothing is idle, and an upload is no
 *   upstream that is slow to answer. It is looked at four times in each period.
 */
export function createWatch({ timeouts }: Pick<Plan, 'timeouts'>, progress: () => number): Watch {
  let controller: AbortController | undefined
  const calls: (() => void)[] = []
  let refusal: Refusal | null = null
  let isGivenUp = false
  let isOver = false
  const giveUp = (why: Refusal | null): void => {
    if (isOver) return
    refusal = why
    isGivenUp = true
    end()
    controller?.abort()
    for (const call of calls) call()
  }
  const late = (seconds: number) => () => giveUp({ reason: 'upstream-timeout', seconds })
  const awaitHead = (): (() => void) => whenStill(timeouts.firstByteSeconds, progress, late(timeouts.firstByteSeconds))
  let isAnswered = false
  let waiting = awaitHead()
  const total =
    timeouts.totalSeconds === null ? undefined : setTimeout(late(timeouts.totalSeconds), timeouts.totalSeconds * 1000)
  const end = (): void => {
    isOver = true
    isAnswered = true
    waiting()
    clearTimeout(total)
  }
  return {
    // no getters: to V8 each object that is written with one has a shape of its own, which outlives it with all it can reach
    signal() {
      controller ??= new AbortController()
      if (isGivenUp) controller.abort()
      return controller.signal
    },
    isGivenUp: () => isGivenUp,
    refusal: () => refusal,
    whenGivenUp(call) {
      if (isGivenUp) call()
      else calls.push(call)
    },
    hold: () => waiting(),
    resume() {
      if (isAnswered) return
      waiting()
      waiting = awaitHead()
    },
    answered() {
      isAnswered = true
      waiting()
      const { idleSeconds } = timeouts
      if (idleSeconds !== null) waiting = whenStill(idleSeconds, progress, late(idleSeconds))
    },
    end,
    giveUp,
  }
}

/** Calls back once `progress` has stood still for so long. @returns what stops it */
export function whenStill(seconds: number, progress: () => number, call: () => void): () => void {
  let last = progress()
  let stillFor = 0
  const timer = setInterval(() => {
    const now = progress()
    stillFor = now === last ? stillFor + 1 : 0
    last = now
    if (stillFor < 4) return
    clearInterval(timer)
    call()
  }, seconds * 250)
  return () => clearInterval(timer)
}
