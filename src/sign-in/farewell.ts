/** `/.sallyport/signed-out`: where a provider sends people back to whom it has signed out. */

import type { Sealer } from '../session/seal.ts'
import { signedOutPage } from './pages.ts'
import { redirect, type Step } from './visit.ts'

export const signedOutPath = '/.sallyport/signed-out'

const maxSeconds = 600

/** The `state` of a sign-out at the provider: sealed, so that this host knows its own when it comes back. */
export const makeFarewell = (sealer: Sealer, self: string, now: number): Promise<string> =>
  sealer.seal(contextOf(self), String(Math.floor(now)))

/** Who comes otherwise is sent home: this page says something, and it shall be true. */
export function createFarewell({ sealer, now }: { readonly sealer: Sealer; readonly now: () => number }): Step {
  return async ({ query, self }) => {
    const startedAt = await sealer.open(contextOf(self), query.get('state') ?? '')
    const isOurs = startedAt !== null && now() - Number(startedAt) < maxSeconds
    return isOurs ? signedOutPage() : redirect('/', [])
  }
}

const contextOf = (self: string): string => `signed-out\0${self}`
