/** The port behind which sessions are kept. A store is one file that keeps these promises. */

/** What a store can be relied on for; settings that ask for more are refused at start. */
export interface StorePromises {
  /** strong: a read sees every write that was confirmed before it began. */
  readonly consistency: 'strong' | 'eventual'
  /** Can compare and set, so that something may be used once. */
  readonly atomic: boolean
  /** For how long a read may show what was true before; 0 where the consistency is strong. */
  readonly stalenessSeconds: number
}

/**
 * Keeps text under keys.
 *
 * - What was written is read back as it was, until its time to live is over; the record's own expiry is the law,
 *   the store's only cleans up.
 * - `null` means absent, and nothing else: a store that can't be asked throws.
 * - Keys and values are never put into an error's message.
 */
export interface SessionStore {
  readonly promises: StorePromises
  read(key: string): Promise<string | null>
  write(key: string, text: string, ttlSeconds: number): Promise<void>
  delete(key: string): Promise<void>
}
