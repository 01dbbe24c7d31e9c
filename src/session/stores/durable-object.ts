/** Keeps sessions in Durable Objects, one for each subject: strong, and each subject's sessions end in one place. */

import { isLater, pageSize, promisesOf, type SessionStore, StoreFault } from '../store.ts'

/** What an object does when it is called; the class in runtime/session-object.ts lends it a name. */
export interface SessionRows {
  read(names: readonly string[]): (string | null)[]
  write(name: string, text: string, ttlSeconds: number | null): void
  swap(name: string, before: string | null, text: string, ttlSeconds: number | null): boolean
  raise(name: string, time: string, ttlSeconds: number | null): void
  delete(name: string): void
  /** A page of sessions: those whose name comes after this one. */
  list(after: string): (readonly [name: string, text: string])[]
  /** Deletes what is over. @returns when to be called again, seconds since the epoch; null: nothing is left to wait for */
  clean(): number | null
}

/** The least of an object's SQLite storage (`ctx.storage.sql`). */
export interface Sql {
  exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] }
}

/** The same calls from afar. */
export type SessionStub = {
  [Name in Exclude<keyof SessionRows, 'clean'>]: (
    ...values: Parameters<SessionRows[Name]>
  ) => Promise<ReturnType<SessionRows[Name]>>
}

/** What is asked of the binding. */
export interface SessionObjects {
  getByName(name: string): SessionStub
}

/** What everybody's sessions ask for (the not-before of an issuer) is kept so many times over: an object is one thread. */
const shards = 16

/** @param now seconds since the epoch */
export function createSessionRows(sql: Sql, now: () => number): SessionRows {
  // made by the first write: whoever asks for a subject that never was leaves nothing behind
  let isMade = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'texts'").toArray().length > 0
  const find = (name: string): string | null => {
    if (!isMade) return null
    const [row] = sql
      .exec('SELECT text FROM texts WHERE name = ? AND (ends_at IS NULL OR ends_at > ?)', name, now())
      .toArray()
    return row ? String(row['text']) : null
  }
  const write = (name: string, text: string, ttlSeconds: number | null): void => {
    if (!isMade) sql.exec('CREATE TABLE texts (name TEXT PRIMARY KEY, text TEXT NOT NULL, ends_at REAL) WITHOUT ROWID')
    isMade = true
    const endsAt = ttlSeconds === null ? null : now() + ttlSeconds
    sql.exec('INSERT OR REPLACE INTO texts (name, text, ends_at) VALUES (?, ?, ?)', name, text, endsAt)
  }
  return {
    read: (names) => names.map(find),
    write,
    swap(name, before, text, ttlSeconds) {
      if (find(name) !== before) return false
      write(name, text, ttlSeconds)
      return true
    },
    raise(name, time, ttlSeconds) {
      if (isLater(time, find(name))) write(name, time, ttlSeconds)
    },
    delete(name) {
      if (isMade) sql.exec('DELETE FROM texts WHERE name = ?', name)
    },
    list(after) {
      if (!isMade) return []
      return sql
        .exec(
          "SELECT name, text FROM texts WHERE name > ? AND name < 'session;' AND (ends_at IS NULL OR ends_at > ?) ORDER BY name LIMIT ?",
          after,
          now(),
          pageSize,
        )
        .toArray()
        .map(({ name, text }) => [String(name), String(text)] as const)
    },
    clean() {
      if (!isMade) return null
      sql.exec('DELETE FROM texts WHERE ends_at <= ?', now())
      const [row] = sql.exec('SELECT MIN(ends_at) AS next FROM texts').toArray()
      return typeof row?.['next'] === 'number' ? row['next'] : null
    },
  }
}

export function createDurableObjectStore(objects: SessionObjects): SessionStore {
  return {
    promises: promisesOf['durable-object'],
    async read(keys) {
      const subject = keys[0]?.place ?? ''
      const asked = Map.groupBy(keys, ({ place }) => objectOf(place, subject))
      const found = new Map<string, string | null>()
      // at once: the waiting is one round trip, however many objects there are
      await Promise.all(
        [...asked].map(async ([object, theirs]) => {
          const texts: unknown = await objects.getByName(object).read(theirs.map(({ name }) => name))
          if (!Array.isArray(texts) || texts.length !== theirs.length) throw new StoreFault('the object gave no list')
          theirs.forEach(({ name }, at) => {
            const text: unknown = texts[at]
            if (text !== null && typeof text !== 'string') throw new StoreFault('the object gave no text')
            found.set(name, text)
          })
        }),
      )
      return keys.map(({ name }) => found.get(name) ?? null)
    },
    async write({ place, name }, text, ttlSeconds) {
      await Promise.all(objectsOf(place).map((object) => objects.getByName(object).write(name, text, ttlSeconds)))
    },
    async swap({ place, name }, before, text, ttlSeconds) {
      return (await objects.getByName(objectOf(place, place)).swap(name, before, text, ttlSeconds)) === true
    },
    async raise({ place, name }, time, ttlSeconds) {
      await Promise.all(objectsOf(place).map((object) => objects.getByName(object).raise(name, time, ttlSeconds)))
    },
    async delete({ place, name }) {
      await Promise.all(objectsOf(place).map((object) => objects.getByName(object).delete(name)))
    },
    async list(place, after) {
      const rows = await objects.getByName(objectOf(place, place)).list(after ?? 'session:')
      const stored = rows.map(([name, text]) => ({ key: { place, name }, text }))
      return { stored, next: rows.length < pageSize ? null : (stored.at(-1)?.key.name ?? null) }
    },
  }
}

const isShared = (place: string): boolean => place.startsWith('issuer-')

/** The object to ask: of an issuer's shards the one that this subject always asks. */
const objectOf = (place: string, subject: string): string =>
  isShared(place) ? `${place}-${(subject.charCodeAt(0) || 0) % shards}` : place

/** Every object that has to be told. */
const objectsOf = (place: string): readonly string[] =>
  isShared(place) ? Array.from({ length: shards }, (_, at) => `${place}-${at}`) : [place]
