/** Remembers so much and no more: what nobody has asked about for longest makes room. */

export interface Memory<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
  delete(key: string): void
  clear(): void
}

/** In a list by use: to find the oldest by walking a Map costs more the more was deleted from it. */
interface Entry<T> {
  readonly key: string
  value: T
  older: Entry<T> | null
  newer: Entry<T> | null
}

/**
 * @param capacity of entries
 * @param capacityChars of all keys together
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
    set(key, value) {
      drop(entries.get(key))
      while (oldest && (entries.size >= capacity || chars + key.length > capacityChars)) drop(oldest)
      const entry = { key, value, older: null, newer: null }
      entries.set(key, entry)
      chars += key.length
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
    chars -= entry.key.length
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
