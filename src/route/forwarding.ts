/** What a rule says of the way to its upstream and back, with nothing left to inherit. */

export interface Forwarding {
  readonly timeouts: Timeouts
  /** How often a request that can be repeated is tried again after the first time. */
  readonly retries: number
  /** The most bytes a request's body may have; null: as many as come. */
  readonly maxBodyBytes: number | null
  /** The start of the path that is another one at the upstream. */
  readonly prefix: Prefix | null
  readonly cookies: CookieHardening
  /** The answer is the same for everybody: nobody's cookies go with the request, none come back, caches may keep it. */
  readonly isShared: boolean
}

export interface Timeouts {
  /** Until the connection stands (Node, Deno; on Workers it is part of the first byte). */
  readonly connectSeconds: number
  /** Until the head of the answer is here; the time that an upload takes doesn't count. */
  readonly firstByteSeconds: number
  /** Without a byte either way; null: for ever. */
  readonly idleSeconds: number | null
  /** From the first byte of the request to the last one of the answer; null: for ever. */
  readonly totalSeconds: number | null
}

/** Both without a slash at the end; empty for `/`. */
export interface Prefix {
  readonly from: string
  readonly to: string
}

/** What is added to the upstream's cookies where it is absent. */
export interface CookieHardening {
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'Lax' | 'Strict' | null
}
