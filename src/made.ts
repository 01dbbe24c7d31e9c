/** What is made for one request that goes upstream, where its route wants it: the signed identity, the person's access token. */

import type { WaitUntil } from './authenticate/share.ts'
import type { Forward, Refusal } from './decision.ts'
import type { SignIn } from './endpoints/sign-in.ts'
import type { AssertionSigner } from './forward/assertion.ts'
import type { Head } from './head.ts'
import { err, ok, type Result } from './result.ts'
import { readSessionCookie } from './session/cookie.ts'

export interface MakingParts {
  /** null: no origin is told by an assertion who somebody is. */
  readonly signer: AssertionSigner | null
  /** Gives null where nobody signs in with a provider. */
  readonly signIn: () => Pick<SignIn, 'accessToken'> | null
}

/** A promise only where there is something to make. */
export interface Making {
  assertionFor(decision: Forward): Promise<string> | null
  /** Of whoever came with a session; a Bearer token is its sender's to pass on. */
  accessTokenFor(
    decision: Forward,
    head: Head,
    requestId: string,
    waitUntil: WaitUntil,
  ): Result<string | null, Refusal> | Promise<Result<string | null, Refusal>>
}

export function createMaking({ signer, signIn }: MakingParts): Making {
  return {
    assertionFor({ route, principal }) {
      return signer && principal && route.identity?.assertion ? signer.sign(principal, route.origin.name) : null
    },
    accessTokenFor({ route, principal, isBare }, { headers }, requestId, waitUntil) {
      if (!route.accessToken || principal?.kind !== 'session' || isBare) return ok(null)
      const sent = readSessionCookie(headers.get('cookie') ?? '', route.origin.sessionOptions.site)
      const here = signIn()
      if (sent.kind !== 'value' || !here) return err({ reason: 'token-unavailable', cause: 'nobody signs in here' })
      return here.accessToken({ cookie: sent.value, origin: route.origin, requestId }, waitUntil)
    },
  }
}
