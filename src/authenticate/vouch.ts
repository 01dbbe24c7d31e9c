/** The one place where an identity becomes a principal: after, and only after, its credential was verified. */

import type { Identity, Principal } from '../principal.ts'

/** Brands what the caller has just verified. Called by bearer.ts and session.ts, by suppose.ts off the path of any request, and by nobody else. */
export const vouchFor = (identity: Identity): Principal => identity as Principal
