/** The one place where an identity becomes a principal: after, and only after, its credential was verified. */

import type { Identity, Principal } from '../principal.ts'

/** Brands what the caller has just verified. Called by bearer.ts and session.ts, by suppose.ts off the path of any request, and by nobody else. */
export function vouchFor(identity: Identity): Principal {
  freeze(identity)
  return identity as Principal
}

/** To the last claim: one principal serves many requests, and none may change it for the next. */
function freeze(whole: object): void {
  const left: unknown[] = [whole]
  while (left.length > 0) {
    const part = left.pop()
    if (typeof part !== 'object' || part === null || Object.isFrozen(part)) continue
    Object.freeze(part)
    left.push(...Object.values(part))
  }
}
