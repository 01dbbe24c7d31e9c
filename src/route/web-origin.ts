/** An origin as browsers send it in `Origin`: scheme, host, port if unusual, nothing else. */

import * as z from 'zod/mini'

export const origin = z
  .string()
  .check(
    z.refine(
      isOrigin,
      'write an origin as browsers send it: "https://console.example.com", lower case, no path, no default port',
    ),
  )

/** True for the serialization of a tuple origin (HTML section 7.1.1); `null` isn't one. */
export function isOrigin(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value
}
