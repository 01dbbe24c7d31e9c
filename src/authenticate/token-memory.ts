/**
 * Remembers tokens that were verified, so that one that comes again is believed without asking jose. What can change
 * meanwhile is asked each time: the issuer meant, its keys, the time; and, by others, whether it was ended and what it may.
 */

import type { Refusal } from '../decision.ts'
import type { Principal } from '../principal.ts'
import { ok, type Result } from '../result.ts'
import { type BearerReader, issuerMeant, type TrustedIssuer, type Verified } from './bearer.ts'
import type { KeyProvider } from './jwks.ts'
import { createMemory } from './memory.ts'
import { TooSlow, type WaitUntil, within } from './share.ts'
import type { Spent } from './spent.ts'
import { faultInClaims } from './token-claims.ts'

export interface TokenReader {
  /** A promise only of a token that isn't known. */
  read(
    token: string,
    issuers: readonly TrustedIssuer[],
    waitUntil: WaitUntil,
    spent: Spent,
  ): Result<Principal, Refusal> | Promise<Result<Principal, Refusal>>
}

export interface TokenMemoryParts {
  readonly bearer: BearerReader
  readonly keys: Pick<KeyProvider, 'knownKeys'>
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly capacity?: number
  readonly capacityChars?: number
}

/** For so long a token is believed at most, whatever its `exp`. */
export const rememberedSeconds = 60
/** A verification that another request began is waited for so long: on workerd it may have ended with that request. */
const joinSeconds = 2
/** Of so many verifications at a time it is known that they run; what never ends is forgotten with the rest. */
const mostRunning = 1_000

interface Remembered extends Verified {
  /** Before it was verified. */
  readonly askedAt: number
  readonly result: Result<Principal, never>
}

type Answer = Result<Principal, Refusal>

interface Running {
  readonly issuers: readonly TrustedIssuer[]
  readonly since: number
  readonly answer: Promise<Answer>
}

/** No failure is ever kept: whoever sends a thousand bad tokens pushes out none that is good. */
export function createTokenMemory(parts: TokenMemoryParts): TokenReader {
  // of a token, its claims and its principal, about three times the token's length is kept
  const { bearer, keys, now, capacity = 24_000, capacityChars = 16 * 2 ** 20 } = parts
  const known = createMemory<Remembered>(capacity, capacityChars)
  const running = new Map<string, Running>()

  return {
    read(token, issuers, waitUntil, spent) {
      const last = known.get(token)
      if (last && stillHolds(last, issuers, waitUntil)) return last.result
      if (last) known.delete(token)
      return shared(token, issuers, async () => {
        const askedAt = now()
        const verified = await bearer.read(token, issuers, waitUntil, spent)
        if (!verified.ok) return verified
        const result = ok(verified.value.principal)
        known.set(token, { ...verified.value, askedAt, result })
        return result
      })
    },
  }

  /** All but what no later request could change: the signature, and with it header and claims. */
  function stillHolds(last: Remembered, issuers: readonly TrustedIssuer[], waitUntil: WaitUntil): boolean {
    const { principal, issuer, askedAt } = last
    const at = now()
    return (
      at >= askedAt &&
      at - askedAt < rememberedSeconds &&
      issuerMeant(principal.claims, issuers) === issuer &&
      faultInClaims(principal.claims, issuer, at) === null &&
      (issuer.keys.kind === 'secret' || keys.knownKeys(issuer, issuer.keys, waitUntil) === last.keys)
    )
  }

  /** Who comes with the same token, under the same conditions, while it is verified waits for that. */
  function shared(token: string, issuers: readonly TrustedIssuer[], verify: () => Promise<Answer>): Promise<Answer> {
    const other = running.get(token)
    if (other && isSame(other.issuers, issuers) && now() - other.since < joinSeconds)
      return within(joinSeconds * 1000, other.answer).catch((error: unknown) => {
        if (error instanceof TooSlow) return verify()
        throw error
      })
    const mine = { issuers, since: now(), answer: verify() }
    if (running.size >= mostRunning) running.clear()
    running.set(token, mine)
    mine.answer.then(forget, forget)
    return mine.answer

    function forget(): void {
      if (running.get(token) === mine) running.delete(token)
    }
  }
}

const isSame = (a: readonly TrustedIssuer[], b: readonly TrustedIssuer[]): boolean =>
  a.length === b.length && a.every((issuer, at) => issuer === b[at])
