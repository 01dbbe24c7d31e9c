/** What an operator may write of the headers that tell an origin who it is. */

import * as z from 'zod/mini'
import { identityName, maybe } from './schema-words.ts'

const selector = z
  .string()
  .check(
    z.regex(
      /^(?:subject|issuer|roles|scopes|expiresAt|claims\.[^.]+(?:\.[^.]+)*)$/,
      'write "subject", "issuer", "roles", "scopes", "expiresAt" or "claims.<path>"',
    ),
  )

export const identity = z.strictObject({
  headers: z
    .record(identityName, selector)
    .check(z.refine(areApart, 'two of these names are one to HTTP or to CGI, which fold case: keep one')),
  encoding: z.optional(z.enum(['percent', 'base64url'])),
  assertion: maybe,
})

function areApart(headers: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  return new Set(names).size === names.length
}

export type IdentityConfig = z.input<typeof identity>
