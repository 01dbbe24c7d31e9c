/** How long after its end a session or a token may still pass, by rule: stated before it is measured. */

import type { StorePromises } from './store.ts'

/**
 * Seconds from the moment that an end was confirmed until no request passes by what had been known before, on any
 * instance: what the rule believes without asking, and what the store tells late.
 *
 * @param promises null: no store, so nothing ends before its time
 */
export const boundSeconds = (freshnessSeconds: number, promises: StorePromises | null): number | null =>
  promises === null ? null : freshnessSeconds + promises.stalenessSeconds
