/** Keeps what waits for a slow reader within bounds: whoever speaks to it is made to wait, or both are hung up on. */

/** What is asked of the one who speaks, and of the one who is spoken to. */
export interface Speaker {
  /** Reads no more until resumed. */
  pause?(): void
  resume?(): void
}
export interface Listener {
  /** Bytes that wait to be sent. */
  readonly bufferedAmount?: number
}

/** Beyond this a speaker waits. */
const enoughBytes = 1_048_576
/** Four of the longest messages that are promised to pass: more than these is nobody's haste but somebody's standstill. */
const mostBytes = 67_108_864
const lookMilliseconds = 10

export interface Pressure {
  /** To be asked after each message. */
  feel(): void
  stop(): void
}

/** @param giveUp is called where the speaker can't be made to wait, and the listener has too much before it */
export function createPressure(from: Speaker, to: Listener, giveUp: () => void): Pressure {
  let timer: ReturnType<typeof setInterval> | undefined
  const waiting = (): number => to.bufferedAmount ?? 0
  return {
    feel() {
      if (timer !== undefined || waiting() <= enoughBytes) return
      if (from.pause) {
        from.pause()
        timer = setInterval(look, lookMilliseconds)
      } else if (waiting() > mostBytes) giveUp()
    },
    stop: () => clearInterval(timer),
  }

  function look(): void {
    if (waiting() > enoughBytes) return
    clearInterval(timer)
    timer = undefined
    from.resume?.()
  }
}
