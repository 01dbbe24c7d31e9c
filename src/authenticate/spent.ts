/** Where the time of one request went, for its line in the log. */

export interface Spent {
  storeMilliseconds: number
  keysMilliseconds: number
}

export const nothingSpent = (): Spent => ({ storeMilliseconds: 0, keysMilliseconds: 0 })
