/** Nothing here runs: tsc reads it, and fails where one of these would compile. */

import { authorize } from '../src/authorize/authorize.ts'
import type { Forward, Refusal } from '../src/decision.ts'
import { identityHeaders } from '../src/forward/identity.ts'
import type { Credential, Identity, Principal } from '../src/principal.ts'
import type { IdentityHeaders, Route } from '../src/route/table.ts'
import { everyReason } from './support/refusals.ts'

declare const identity: Identity
declare const credential: Credential
declare const principal: Principal
declare const forward: Forward
declare const headers: IdentityHeaders
declare const route: Route

authorize(principal, 'signed-in', 0)
// @ts-expect-error an identity that nobody verified is no principal
authorize(identity, 'signed-in', 0)
// @ts-expect-error nor is what the request carried
authorize(credential, 'signed-in', 0)
// @ts-expect-error nor is a principal that was copied and changed by hand
authorize({ ...identity, subject: 'root' }, 'signed-in', 0)

identityHeaders(principal, headers)
// @ts-expect-error no header speaks of anybody unverified
identityHeaders(identity, headers)

export const forwards: readonly Forward[] = [
  { ...forward, principal },
  // @ts-expect-error nothing is forwarded as somebody unverified
  { ...forward, principal: identity },
  // @ts-expect-error nothing is forwarded without saying as whom
  { kind: 'forward', route, target: forward.target },
]

// @ts-expect-error a reason is missing: so does the switch of respond.ts fail, which has no default
export const incomplete: typeof everyReason = { fault: everyReason.fault }

/** The shape of that switch, with one reason taken out. */
// @ts-expect-error "function lacks ending return statement": it has to be exhaustive
export function statusOf(refusal: Extract<Refusal, { reason: 'fault' | 'no-rule' }>): number {
  switch (refusal.reason) {
    case 'fault':
      return 500
  }
}
