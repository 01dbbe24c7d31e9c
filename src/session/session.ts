/** The record of a session: its form, making a new one. docs/storage.md tells others. */

import * as z from 'zod/mini'
import { err, ok, type Result } from '../result.ts'
import { lastSecond, longestSessionSeconds } from './marks.ts'

const maxRecordChars = 65_536
const time = z.number().check(z.minimum(0), z.maximum(lastSecond))

/** NUL parts the two where they are hashed together. */
export const name = z.string().check(z.minLength(1), z.maxLength(1024), z.regex(/^[^\0]*$/))

const record = z.lazy(() =>
  z.object({
    v: z.literal(1),
    /** Public: for lists of sessions. Tells nothing about the cookie. */
    id: z.string().check(z.regex(/^[\w.:~-]{1,128}$/)),
    subject: name,
    issuer: name,
    claims: z.record(z.string(), z.unknown()),
    roles: z.array(z.string()),
    scopes: z.array(z.string()),
    createdAt: time,
    lastSeenAt: time,
    /** The session is dead from here on, unless it is used before (idle time-out). */
    expiresAt: time,
    /** The session is dead from here on (absolute time-out). */
    endsAt: time,
    /** The origins that take it; absent: all that read sessions. */
    origins: z.optional(z.array(z.string())),
    /** Its cookie outlives the browser. */
    remembered: z.optional(z.boolean()),
    /** What only the cookie's holder may open. */
    sealed: z.optional(z.string().check(z.maxLength(512))),
    /** Whence it was made, for lists. */
    address: z.optional(z.string().check(z.maxLength(64))),
    userAgent: z.optional(z.string().check(z.maxLength(256))),
  }),
)

export type SessionRecord = z.infer<typeof record>

/** Reads a stored record; extra keys are left out, a missing or odd one makes it corrupt. */
export function parseRecord(text: string): Result<SessionRecord, 'corrupt' | 'version'> {
  if (text.length > maxRecordChars) return err('corrupt')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return err('corrupt')
  }
  if (typeof json !== 'object' || json === null) return err('corrupt')
  if ('v' in json && typeof json.v === 'number' && json.v !== 1) return err('version')
  const parsed = z.safeParse(record, json)
  return parsed.success ? ok(parsed.data) : err('corrupt')
}

/** From this second on, whatever the store says, the session is dead. */
export const deadAt = ({ expiresAt, endsAt, createdAt }: SessionRecord): number =>
  Math.min(expiresAt, endsAt, createdAt + longestSessionSeconds)

export interface NewSession {
  readonly subject: string
  readonly issuer: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
  /** The origins that take it, by name; absent: all that read sessions. */
  readonly origins?: readonly string[]
  /** Its cookie outlives the browser. */
  readonly remembered?: boolean
  /** A short secret that only the cookie's holder may open: a key, say, of what is kept beside the session. */
  readonly secret?: string
  /** Dead when unused for so long. */
  readonly idleSeconds: number
  /** Dead when so old. */
  readonly maxSeconds: number
}

/** What the session was made from, for a list of sessions. */
export interface MadeFrom {
  readonly address: string | null
  readonly userAgent: string | null
}

export const nowhere: MadeFrom = { address: null, userAgent: null }

/**
 * The record of a session that begins now.
 *
 * @param id public
 * @param now seconds since the epoch; kept to the millisecond, for a not-before of the same second
 */
export function makeRecord(session: NewSession, id: string, now: number, from: MadeFrom): SessionRecord {
  // rounded as the marks are: so that the two compare as the moments did
  const createdAt = Math.round(now * 1000) / 1000
  const endsAt = createdAt + Math.min(session.maxSeconds, longestSessionSeconds)
  return {
    v: 1,
    id,
    subject: session.subject,
    issuer: session.issuer,
    claims: { ...session.claims },
    roles: [...(session.roles ?? [])],
    scopes: [...(session.scopes ?? [])],
    createdAt,
    lastSeenAt: createdAt,
    expiresAt: Math.min(createdAt + session.idleSeconds, endsAt),
    endsAt,
    ...(session.origins && { origins: [...session.origins] }),
    ...(session.remembered && { remembered: true }),
    ...(from.address && { address: from.address.slice(0, 64) }),
    ...(from.userAgent && { userAgent: from.userAgent.slice(0, 256) }),
  }
}

/** The same session, used now: its idle time-out begins anew, its end stays. */
export function touchRecord(record: SessionRecord, now: number): SessionRecord {
  const idleSeconds = Math.max(0, record.expiresAt - record.lastSeenAt)
  return { ...record, lastSeenAt: now, expiresAt: Math.min(now + idleSeconds, record.endsAt) }
}

/** How long the browser is to keep the cookie; null: until it is closed. */
export const cookieSeconds = (record: SessionRecord, now: number): number | null =>
  record.remembered ? Math.max(0, Math.floor(deadAt(record) - now)) : null

/** How long the store need keep it. */
export const ttlOf = (record: SessionRecord, now: number): number => Math.max(1, deadAt(record) - now) + spareSeconds

const spareSeconds = 60
