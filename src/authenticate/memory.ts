/** Remembers so much and no more: what nobody has asked about for longest makes room. */

export interface Memory<T> {
  get(key: string): T | undefined
  /** @param chars about how much the value weighs */
  set(key: string, value: T, chars?: number): void
  delete(key: string): void
  clear(): void
}

/** In a list by use: to find the oldest by walking a Map costs more the more was deleted from it. */
interface Entry<T> {
  readonly key: string
  /** Of key and value. */
  readonly chars: number
  value: T
  older: Entry<T> | null
  newer: Entry<T> | null
}

/**
 * @param capacity of entries
 * @param capacityChars of all keys, and of what is said to stand behind them, together
 */
export function createMemory<T>(capacity: number, capacityChars = Number.POSITIVE_INFINITY): Memory<T> {
  const entries = new Map<string, Entry<T>>()
  let chars = 0
  let oldest: Entry<T> | null = null
  let newest: Entry<T> | null = null

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry && entry !== newest) {
        unlink(entry)
        link(entry)
      }
      return entry?.value
    },
    set(key, value, weight = 0) {
      drop(entries.get(key))
      const entry = { key, value, chars: key.length + weight, older: null, newer: null }
      while (oldest && (entries.size >= capacity || chars + entry.chars > capacityChars)) drop(oldest)
      entries.set(key, entry)
      chars += entry.chars
      link(entry)
    },
    delete: (key) => drop(entries.get(key)),
    clear() {
      entries.clear()
      chars = 0
      oldest = null
      newest = null
    },
  }

  function drop(entry: Entry<T> | undefined): void {
    if (!entry) return
    entries.delete(entry.key)
    chars -= entry.chars
    unlink(entry)
  }

  function link(entry: Entry<T>): void {
    entry.older = newest
    entry.newer = null
    if (newest) newest.newer = entry
    else oldest = entry
    newest = entry
  }

  function unlink({ older, newer }: Entry<T>): void {
    if (older) older.newer = newer
    else oldest = newer
    if (newer) newer.older = older
    else newest = older
  }
}
