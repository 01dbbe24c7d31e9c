/** What the doctor found of one thing: it holds, it is to be mended, or it can't be told from here. */

export interface Finding {
  readonly check: 'discovery' | 'abilities' | 'keys' | 'clock' | 'client' | 'redirect' | 'gateway' | 'cookie'
  readonly verdict: 'ok' | 'mend' | 'unknown'
  readonly says: string
  /** What to do about it; empty where all is well. */
  readonly fix: string
}

export const ok = (check: Finding['check'], says: string): Finding => ({ check, verdict: 'ok', says, fix: '' })

export const mend = (check: Finding['check'], says: string, fix: string): Finding => ({
  check,
  verdict: 'mend',
  says,
  fix,
})

export const unknown = (check: Finding['check'], says: string, fix = ''): Finding => ({
  check,
  verdict: 'unknown',
  says,
  fix,
})
