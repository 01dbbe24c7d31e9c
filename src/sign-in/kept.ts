/** Where a session's tokens stand in the store: sealed under a key of which only the cookie's holder gets hold. */

import { base64url } from 'jose'
import * as z from 'zod/mini'
import type { Origin } from '../route/table.ts'
import type { LifeParts } from '../session/life.ts'
import { createSealer, type Sealer } from '../session/seal.ts'
import { openFor } from '../session/sealed.ts'
import type { SessionRecord } from '../session/session.ts'
import type { Key } from '../session/store.ts'
import type { Tokens } from './tokens.ts'

export interface Kept extends Tokens {
  /** The name of the provider that gave them. */
  readonly provider: string
}

/** Who holds a session: its record alone opens nothing. */
export interface Holder {
  readonly cookie: string
  readonly record: SessionRecord
}

/** What stands in the store at one moment; whoever changes it names it. */
export interface Entry {
  readonly kept: Kept
  /** Until then somebody is asking the provider for others. Seconds since the epoch. */
  readonly leaseUntil: number
  /** The last who asked got no answer; the lease says when it may be tried again. */
  readonly hasFailed: boolean
  readonly text: string
}

export type State = Pick<Entry, 'kept' | 'leaseUntil' | 'hasFailed'>

/** The tokens of one session, at the origins that it was begun for. */
export interface Place {
  read(): Promise<Entry | null>
  /** @returns null when it isn't there any more as it was read: nothing was changed then */
  change(before: Entry | null, after: State): Promise<Entry | null>
  delete(): Promise<void>
}

const written = z.lazy(() =>
  z.object({
    v: z.literal(1),
    sealed: z.string().check(z.maxLength(262_144)),
    leaseUntil: z.number(),
    hasFailed: z.boolean(),
  }),
)

/** A new secret for a session that is to keep tokens. */
export const makeSecret = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(32)))

/** null for a session that keeps none. */
export async function placeOf(
  { store, book, now }: LifeParts,
  { cookie, record }: Holder,
  { sessionOptions: { sharedWith } }: Pick<Origin, 'sessionOptions'>,
): Promise<Place | null> {
  const { id, issuer, subject, endsAt, sealed } = record
  const secret = sealed === undefined ? null : await openFor(cookie, id, sealed)
  if (secret === null) return null
  const sealer = createSealer([new Uint8Array(base64url.decode(secret))])
  const key: Key = { place: await book.place(issuer, subject), name: `tokens:${id}` }
  // nobody who can write to the store carries them to another session, or to another origin
  const context = `tokens\0${id}\0${sharedWith.join(' ')}`
  return {
    async read() {
      const [text] = await store.read([key])
      return text === null || text === undefined ? null : open(text, sealer, context)
    },
    async change(before, after) {
      const { kept, leaseUntil, hasFailed } = after
      const closed = await sealer.seal(context, JSON.stringify(kept))
      const text = JSON.stringify({ v: 1, sealed: closed, leaseUntil, hasFailed })
      const ttlSeconds = Math.max(1, endsAt - now()) + spareSeconds
      return (await store.swap(key, before?.text ?? null, text, ttlSeconds)) ? { ...after, text } : null
    },
    delete: () => store.delete(key),
  }
}

const spareSeconds = 60

/** null for whatever wasn't written for this: then there are no tokens. */
async function open(text: string, sealer: Sealer, context: string): Promise<Entry | null> {
  try {
    const parsed = z.safeParse(written, JSON.parse(text))
    if (!parsed.success) return null
    const { sealed, leaseUntil, hasFailed } = parsed.data
    const json = await sealer.open(context, sealed)
    // what opens was written here: its shape needs no second look
    return json === null ? null : { kept: JSON.parse(json) as Kept, leaseUntil, hasFailed, text }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
