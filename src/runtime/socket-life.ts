/** How long a WebSocket may live: no longer than the credential that opened it, nor than anyone speaks. */

import type { Plan } from '../forward/forward.ts'

/** Sent to the client whose credential has died; private use (RFC 6455 section 7.4.2), and like the status of its name. */
export const tooOld = { code: 4401, reason: 'sign in again' }

const defaultIdleSeconds = 600

export const idleOf = ({ timeouts }: Plan): number => timeouts.idleSeconds ?? defaultIdleSeconds

/** As long as a timer can be set to, in seconds: a longer one would fire at once. */
const longestSeconds = 2_000_000

/**
 * Calls back at the end of the credential, or of the total time, whichever is first.
 *
 * @param now seconds since the epoch
 * @returns what stops it
 */
export function untilEnd({ endsAt, timeouts }: Plan, now: () => number, call: () => void): () => void {
  const seconds = Math.min(endsAt === null ? longestSeconds : endsAt - now(), timeouts.totalSeconds ?? longestSeconds)
  if (seconds >= longestSeconds) return () => undefined
  const timer = setTimeout(call, Math.max(0, seconds) * 1000)
  return () => clearTimeout(timer)
}
