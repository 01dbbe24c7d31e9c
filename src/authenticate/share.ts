/** Lets concurrent look-ups of one key share one, and gives up on any that takes too long. */

/** Thrown when a look-up didn't answer in time. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow'
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`)
  }
}

/** Settles as `work` does, or rejects with {@link TooSlow}. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooSlow(milliseconds)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

export type WaitUntil = (work: Promise<unknown>) => void

export interface Share<T> {
  /**
   * Joins the look-up of this key that is under way, or begins one; rejects with {@link TooSlow} past the bound.
   *
   * @param joinSeconds how old a look-up may be and still be joined: 0 joins none
   */
  run(key: string, waitUntil: WaitUntil, work: () => Promise<T>, joinSeconds?: number): Promise<T>
  /** True while a look-up of this key is under way that could be joined. */
  isRunning(key: string): boolean
}

interface Running<T> {
  readonly result: Promise<T>
  readonly since: number
}

/**
 * @param milliseconds bound of one look-up
 * @param now seconds since the epoch
 */
export function createShare<T>(milliseconds: number, now: () => number): Share<T> {
  const running = new Map<string, Running<T>>()
  const seconds = milliseconds / 1000
  return {
    run(key, waitUntil, work, joinSeconds = seconds) {
      const other = running.get(key)
      // On workerd what another request began ends with that request: so each waits by its own clock,
      // and a look-up that is older than the bound is nobody's.
      if (other && isYoung(other, Math.min(joinSeconds, seconds))) return within(milliseconds, other.result)
      const mine = { result: within(milliseconds, work()), since: now() }
      running.set(key, mine)
      waitUntil(mine.result.then(forget, forget))
      return mine.result

      function forget(): void {
        if (running.get(key) === mine) running.delete(key)
      }
    },
    isRunning(key) {
      const other = running.get(key)
      return other !== undefined && isYoung(other, seconds)
    },
  }

  function isYoung({ since }: Running<T>, most: number): boolean {
    return now() - since < most
  }
}
