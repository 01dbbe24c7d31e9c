/** One line of the log for each sign-in that ended, well or not, and each sign-out that a provider asked for. No token, no code, no cookie, no query. */

export interface SignInEntry {
  readonly kind: 'sign-in'
  /** Seconds since the epoch. */
  readonly at: number
  readonly requestId: string
  readonly origin: string
  readonly provider: string | null
  readonly outcome: 'signed-in' | 'signed-out' | 'failed'
  /** What the page shows too. */
  readonly reason: string | null
  readonly why: Readonly<Record<string, unknown>> | null
  readonly subject: string | null
}

export type Audit = (entry: SignInEntry) => void
