/** The marks that end sessions and tokens: times as text, each written once and believed over any record. */

import { StoreFault } from './store.ts'

/** No session lives longer than this, whatever its record says: so a mark that is older has nobody left to stop. */
export const longestSessionSeconds = 400 * 86_400

/** 9999-12-31T23:59:59Z: a mark that stands for good, where it says until when. */
export const lastSecond = 253_402_300_799

/** What a mark says: seconds since the epoch. One that can't be read is the store's fault, and never "no mark". */
export function readMark(text: string | null | undefined): number | null {
  if (text === null) return null
  const time = text === undefined || !/^\d{1,12}(?:\.\d{1,6})?$/.test(text) ? Number.NaN : Number(text)
  if (Number.isNaN(time)) throw new StoreFault('a mark is no time')
  return time
}

export const writeMark = (time: number): string => time.toFixed(3)

/** The later of the not-befores that stand, or null. */
export const latest = (...marks: readonly (number | null)[]): number | null =>
  marks.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null)
