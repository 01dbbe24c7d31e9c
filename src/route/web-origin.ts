/** An origin as browsers send it in `Origin`: scheme, host, port if unusual, nothing else. */

import * as z from 'zod/mini'
import type { OriginFamily, OriginSet } from './shield.ts'

/** One origin, or a family of them: `https://*.example.com`. */
export const originPattern = z
  .string()
  .check(
    z.refine(
      (value) => isOrigin(value) || familyOf(value) !== null,
      'write an origin as browsers send it: "https://console.example.com" or "https://*.example.com", lower case, no path, no default port',
    ),
  )

/** True for the serialization of a tuple origin (HTML section 7.1.1); `null` isn't one. */
export function isOrigin(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*')
}

/**
 * The star stands for one or more whole labels, and two named ones follow it: `https://*.com` would be
 * everybody. (`*.localhost` is nobody's but this machine's.)
 */
function familyOf(pattern: string): OriginFamily | null {
  const [, scheme, base = ''] = /^(https?:\/\/)\*\.(.+)$/.exec(pattern) ?? []
  if (scheme === undefined || !isOrigin(scheme + base)) return null
  const host = base.replace(/:\d+$/, '')
  const isName = /\.[a-z][a-z0-9-]*$/.test(host) || host === 'localhost'
  return isName ? { scheme, suffix: `.${base}` } : null
}

/** @param patterns as the schema lets them pass */
export function originSet(patterns: readonly string[]): OriginSet {
  const families = patterns.map(familyOf).filter((family) => family !== null)
  return { exact: new Set(patterns.filter((pattern) => !familyOf(pattern))), families }
}

/** scheme, host of at most 253 characters, port */
const maxOriginChars = 8 + 253 + 6
const labels = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/

/** Compared whole, byte for byte; a family only at the boundary of a label. */
export function isMember(set: OriginSet, origin: string): boolean {
  if (set.exact.has(origin)) return true
  if (set.families.length === 0 || origin.length > maxOriginChars) return false
  return set.families.some(({ scheme, suffix }) => {
    if (!origin.startsWith(scheme) || !origin.endsWith(suffix)) return false
    const label = origin.slice(scheme.length, -suffix.length)
    return labels.test(label) && !label.includes('..')
  })
}
