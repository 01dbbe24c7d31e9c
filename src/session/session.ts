/** The record of a session: its form, its key in the store, making a new one. docs/storage.md tells others. */

import { base64url } from 'jose'
import * as z from 'zod/mini'
import { err, ok, type Result } from '../result.ts'
import { makeCookieValue } from './cookie.ts'

const maxRecordChars = 65_536
const time = z.number().check(z.minimum(0), z.maximum(253_402_300_799))

const record = z.object({
  v: z.literal(1),
  /** Public: for lists of sessions. Tells nothing about the cookie. */
  id: z.string().check(z.minLength(1), z.maxLength(128)),
  subject: z.string().check(z.minLength(1), z.maxLength(1024)),
  issuer: z.string(),
  claims: z.record(z.string(), z.unknown()),
  roles: z.array(z.string()),
  scopes: z.array(z.string()),
  createdAt: time,
  lastSeenAt: time,
  /** The session is dead from here on, unless it is used before (idle time-out). */
  expiresAt: time,
  /** The session is dead from here on (absolute time-out). */
  endsAt: time,
})

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
export const deadAt = (session: SessionRecord): number => Math.min(session.expiresAt, session.endsAt)

/** `session:` and the SHA-256 of the cookie's value: who reads the store gets no usable cookie. */
export async function sessionKey(cookie: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(cookie))
  return `session:${base64url.encode(new Uint8Array(digest))}`
}

export interface NewSession {
  readonly subject: string
  readonly issuer?: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
  /** How long it lives at most. */
  readonly ttlSeconds: number
}

export interface MadeSession {
  /** What the cookie holds: 256 random bits, told to nobody but its holder. */
  readonly cookie: string
  readonly key: string
  readonly record: SessionRecord
}

/** @param now seconds since the epoch */
export async function makeSession(session: NewSession, now: number): Promise<MadeSession> {
  const cookie = makeCookieValue()
  const createdAt = Math.floor(now)
  const endsAt = createdAt + session.ttlSeconds
  return {
    cookie,
    key: await sessionKey(cookie),
    record: {
      v: 1,
      id: crypto.randomUUID(),
      subject: session.subject,
      issuer: session.issuer ?? 'sallyport',
      claims: { ...session.claims },
      roles: [...(session.roles ?? [])],
      scopes: [...(session.scopes ?? [])],
      createdAt,
      lastSeenAt: createdAt,
      expiresAt: endsAt,
      endsAt,
    },
  }
}
