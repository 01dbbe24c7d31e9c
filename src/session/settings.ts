/** What the environment says of sessions: where they are kept, how long they live, who may make them. */

import * as z from 'zod/mini'
import { longestSessionSeconds } from './marks.ts'

export const storeNames = ['kv', 'upstash', 'durable-object', 'deno-kv', 'memory', 'none'] as const

export interface SessionSettings {
  /** The key of the hashes by which a subject's sessions are found. */
  readonly placeKey: string
  readonly upstash: { readonly url: string; readonly token: string } | null
  readonly session: Lifetimes
  /** null: there is no admin API. */
  readonly adminSecret: string | null
  /** null: no origin may vouch for anybody. */
  readonly vouchSecret: string | null
}

export interface Lifetimes {
  /** Dead when unused for so long. */
  readonly idleSeconds: number
  /** Dead when so old. */
  readonly maxSeconds: number
  /** The same for those who asked to be remembered; they have no idle time-out. */
  readonly rememberSeconds: number
  /** The oldest beyond so many ends; null: as many as there are. */
  readonly mostPerSubject: number | null
  /** Look-ups of cookies that were never issued, per second and instance. */
  readonly unknownPerSecond: number
}

/** Places aren't secrets, so a deployment may leave `PLACE_KEY` out. */
export const defaultPlaceKey = 'sallyport: not a secret'

/** Text, as environments have it, or a number, as a test would write. */
const number = z.union([z.pipe(z.string().check(z.regex(/^\d{1,9}$/)), z.transform(Number)), z.number()])
const atLeastOne = z.minimum(1)
export const whole = (most: number) => z.pipe(number, z.int().check(atLeastOne, z.maximum(most)))
const lifetime = whole(longestSessionSeconds)
/** RFC 7518 section 3.2 asks as much of a key of HMAC-SHA-256. */
const secret = z.string().check(z.regex(/^[\x21-\x7e]{32,512}$/))
export const maybeSecret = z.optional(secret)

export const sessionShape = {
  PLACE_KEY: z._default(secret, defaultPlaceKey),
  UPSTASH_REDIS_REST_URL: z.optional(z.string().check(z.regex(/^https?:\/\/[^\s#$./?].\S*$/))),
  UPSTASH_REDIS_REST_TOKEN: z.optional(z.string().check(z.regex(/^[\x21-\x7e]+$/))),
  SESSION_IDLE_SECONDS: z._default(lifetime, 3_600),
  SESSION_MAX_SECONDS: z._default(lifetime, 43_200),
  SESSION_REMEMBER_SECONDS: z._default(lifetime, 2_592_000),
  SESSIONS_PER_SUBJECT: z.optional(whole(1_000)),
  UNKNOWN_LOOKUPS_PER_SECOND: z._default(whole(100_000), 1_000),
  ADMIN_SECRET: maybeSecret,
  VOUCH_SECRET: maybeSecret,
}

const anySecret = 'at least 32 characters without space; make one with: npx sallyport secret'

export const sessionFixes: Readonly<Record<keyof typeof sessionShape, string>> = {
  PLACE_KEY: `${anySecret}; or leave it out`,
  UPSTASH_REDIS_REST_URL: 'write the https URL that the console of Upstash shows',
  UPSTASH_REDIS_REST_TOKEN: 'set it as a secret: the token that the console of Upstash shows',
  SESSION_IDLE_SECONDS: 'write seconds: 3600',
  SESSION_MAX_SECONDS: 'write seconds, at most 400 days: 43200',
  SESSION_REMEMBER_SECONDS: 'write seconds, at most 400 days: 2592000',
  SESSIONS_PER_SUBJECT: 'write a number from 1 to 1000, or leave it out',
  UNKNOWN_LOOKUPS_PER_SECOND: 'write a number from 1 to 100000: 1000',
  ADMIN_SECRET: `${anySecret}; or leave it out`,
  VOUCH_SECRET: anySecret,
}

/** Never shown, not even when they are wrong. */
export const sessionSecrets = ['PLACE_KEY', 'UPSTASH_REDIS_REST_TOKEN', 'ADMIN_SECRET', 'VOUCH_SECRET'] as const

const sessionSchema = z.object(sessionShape)
type Read = z.output<typeof sessionSchema>

export const sessionSettings = (read: Read): SessionSettings => ({
  placeKey: read.PLACE_KEY,
  upstash:
    read.UPSTASH_REDIS_REST_URL && read.UPSTASH_REDIS_REST_TOKEN
      ? { url: read.UPSTASH_REDIS_REST_URL, token: read.UPSTASH_REDIS_REST_TOKEN }
      : null,
  session: {
    idleSeconds: read.SESSION_IDLE_SECONDS,
    maxSeconds: read.SESSION_MAX_SECONDS,
    rememberSeconds: read.SESSION_REMEMBER_SECONDS,
    mostPerSubject: read.SESSIONS_PER_SUBJECT ?? null,
    unknownPerSecond: read.UNKNOWN_LOOKUPS_PER_SECOND,
  },
  adminSecret: read.ADMIN_SECRET ?? null,
  vouchSecret: read.VOUCH_SECRET ?? null,
})
