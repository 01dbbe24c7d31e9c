/** One line of the log for each sign-in that ended, well or not, each sign-out that a provider asked for, each token that it didn't refresh. No token, no code, no cookie, no query. */

export interface SignInEntry {
  readonly kind: 'sign-in'
  /** Seconds since the epoch. */
  readonly at: number
  readonly requestId: string
  readonly origin: string
  readonly provider: string | null
  /**
   * `nobody-found`: the provider ended a session that there is none of here. `not-told`: somebody signed out, and the
   * provider didn't hear of it, or of its tokens.
   */
  readonly outcome: 'signed-in' | 'signed-out' | 'nobody-found' | 'not-refreshed' | 'not-told' | 'failed'
  /** What the page shows too. */
  readonly reason: string | null
  readonly why: Readonly<Record<string, unknown>> | null
  readonly subject: string | null
}

export type Audit = (entry: SignInEntry) => void
