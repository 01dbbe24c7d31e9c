/** What an operator may write for the browser's sake: CORS, CSRF, security headers. */

import * as z from 'zod/mini'
import { headerName, headerValue, list, method } from './schema-words.ts'
import { origin as webOrigin } from './web-origin.ts'

const cors = z
  .strictObject({
    origins: z.union(
      [z.literal('*'), list(webOrigin)],
      'write "*" or a list of origins: ["https://console.example.com"]',
    ),
    credentials: z.optional(z.boolean()),
    methods: z.optional(list(method)),
    headers: z.optional(list(headerName)),
    expose: z.optional(list(headerName)),
    maxAgeSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(86_400))),
  })
  .check(
    z.refine(
      (value) => !(value.origins === '*' && value.credentials),
      'never "*" with credentials: any page could read what this person may; name the origins',
    ),
  )

const csrf = z.union(
  [z.literal('exempt'), z.strictObject({ origins: z.optional(list(webOrigin)), siblings: z.optional(z.boolean()) })],
  'write "exempt" or { origins, siblings }',
)

const headerTable = z.strictObject({
  preset: z.optional(z.enum(['legacy', 'strict'])),
  set: z.optional(z.record(headerName, headerValue)),
  setIfAbsent: z.optional(z.record(headerName, headerValue)),
  remove: z.optional(list(headerName)),
})

/** What an origin's rules inherit, and each may override. */
export const shield = {
  cors: z.optional(cors),
  csrf: z.optional(csrf),
  headers: z.optional(
    z.union(
      [z.enum(['legacy', 'strict']), headerTable],
      'write "legacy", "strict", or { preset, set, setIfAbsent, remove }',
    ),
  ),
}

export type ShieldConfig = z.input<z.ZodMiniObject<typeof shield>>
