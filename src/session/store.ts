/** The port behind which sessions, and the marks that end them, are kept. A store is one file that keeps these promises. */

/** What a store can be relied on for; settings that ask for more are refused at start. */
export interface StorePromises {
  /** strong: a read sees every write that was confirmed before it began. */
  readonly consistency: 'strong' | 'eventual'
  /** Can compare and set, so that something may be used once. */
  readonly atomic: boolean
  /** For how long a read may show what was true before; 0 where the consistency is strong. */
  readonly stalenessSeconds: number
}

/** Names one text. What belongs to one subject has one place, so that a store may keep it together. */
export interface Key {
  /** Of the subject, or of whatever else it is about; empty where that isn't known. */
  readonly place: string
  /** Alone enough to tell it from every other. */
  readonly name: string
}

export interface Stored {
  readonly key: Key
  readonly text: string
}

export interface Page {
  readonly stored: readonly Stored[]
  /** What to ask for the next one with; null: this was the last. */
  readonly next: string | null
}

/** So many sessions, or about so many, are listed at once. */
export const pageSize = 500

/**
 * Keeps text under keys.
 *
 * - What was written is read back as it was, until its time to live is over; the record's own expiry is the law,
 *   the store's only cleans up.
 * - `null` means absent, and nothing else: a store that can't be asked, or gives an answer of another shape, throws.
 * - Keys and values are never put into an error's message.
 */
export interface SessionStore {
  readonly promises: StorePromises
  /** The texts of several keys, in their order, in one round trip. */
  read(keys: readonly Key[]): Promise<readonly (string | null)[]>
  /** @param ttlSeconds null: it stays for good */
  write(key: Key, text: string, ttlSeconds: number | null): Promise<void>
  /**
   * Writes only if what is there is `before` (null: nothing); in one step where the store is atomic, else as
   * nearly as it can.
   *
   * @returns whether it was written
   */
  swap(key: Key, before: string | null, text: string, ttlSeconds: number | null): Promise<boolean>
  /**
   * Writes a time, unless a later one stands: what lands late takes nothing back. In one step where the store is
   * atomic, else as nearly as it can.
   */
  raise(key: Key, time: string, ttlSeconds: number | null): Promise<void>
  delete(key: Key): Promise<void>
  /**
   * The sessions (names that begin with `session:`) at one place, a page at a time: what is there throughout comes
   * once at least.
   *
   * @param after the page before it; null: the first
   */
  list(place: string, after: string | null): Promise<Page>
}

/** Whether a time goes where `before` is. What is no time gives way: nobody could read it. */
export const isLater = (time: string, before: string | null): boolean =>
  before === null || !(Number(before) >= Number(time))

/** The store answered, and not as it was asked to. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
}

const strong: StorePromises = { consistency: 'strong', atomic: true, stalenessSeconds: 0 }

/** What each store promises, by the name that `SESSION_STORE` gives it. */
export const promisesOf = {
  kv: { consistency: 'eventual', atomic: false, stalenessSeconds: 60 },
  upstash: strong,
  'durable-object': strong,
  'deno-kv': strong,
  memory: strong,
} as const satisfies Record<string, StorePromises>

export type StoreName = keyof typeof promisesOf
