/** Counts how often a browser came back from a provider of late: one that does so all the time goes in circles. */

const name = '__Host-sign-in-sallyport-rounds'
const windowSeconds = 60
export const maxRounds = 5

/** The times within the last minute. A browser that changes them deceives only itself. */
export function recentRounds(cookies: string, now: number): readonly number[] {
  const value = new RegExp(`(?:^|;)[ \\t]*${name}=([\\d.]{1,128})(?=[ \\t]*(?:;|$))`).exec(cookies)?.[1] ?? ''
  return value
    .split('.')
    .map(Number)
    .filter((at) => at > now - windowSeconds && at <= now)
}

/** The `Set-Cookie` header that counts one more. */
export const countRound = (rounds: readonly number[], now: number): string =>
  `${name}=${[...rounds, Math.floor(now)].slice(-maxRounds).join('.')}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${windowSeconds}`
