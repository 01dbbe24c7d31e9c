/** Lets something happen so often a second and no more (a token bucket of one second). */

export interface Allowance {
  /** False when there has been too much of it. */
  take(): boolean
  /** What was taken wasn't of the kind that counts. */
  giveBack(): void
}

/** @param now seconds since the epoch */
export function createAllowance(perSecond: number, now: () => number): Allowance {
  let left = perSecond
  let filledAt = now()
  return {
    take() {
      const at = now()
      left = Math.min(perSecond, left + Math.max(0, at - filledAt) * perSecond)
      filledAt = at
      if (left < 1) return false
      left -= 1
      return true
    },
    giveBack() {
      left = Math.min(perSecond, left + 1)
    },
  }
}
