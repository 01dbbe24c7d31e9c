/** What an operator may write for the browser's sake: CORS, CSRF, security headers. */

import * as z from 'zod/mini'
import { csp } from './schema-csp.ts'
import { headerName, headerValue, list, maybe, method } from './schema-words.ts'
import { originPattern } from './web-origin.ts'

const cors = z
  .strictObject({
    origins: z.union(
      [z.literal('*'), list(originPattern)],
      'write "*" or a list of origins: ["https://console.example.com", "https://*.example.com"]',
    ),
    credentials: maybe,
    methods: z.optional(list(method)),
    headers: z.optional(list(headerName)),
    expose: z.optional(list(headerName)),
    maxAgeSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(86_400))),
    privateNetwork: maybe,
  })
  .check(
    z.refine(
      (value) => !(value.origins === '*' && value.credentials),
      'never "*" with credentials: any page could read what this person may; name the origins',
    ),
    z.refine(
      (value) => !(value.origins === '*' && value.privateNetwork),
      'never "*" with privateNetwork: any page could reach into the network; name the origins',
    ),
  )

const csrf = z.union(
  [
    z.literal('exempt'),
    z.strictObject({
      origins: z.optional(list(originPattern)),
      siblings: maybe,
      token: maybe,
    }),
  ],
  'write "exempt" or { origins, siblings, token }',
)

/** They belong to the connection, to CORS, to the cookie or to the gateway: a table can't speak of them. */
const notInTable =
  /^(?:set-cookie|vary|location|connection|content-length|content-encoding|transfer-encoding|upgrade|www-authenticate|x-request-id|x-sallyport.*|access-control-.*)$/i

const tableName = headerName.check(
  z.refine(
    (value) => !notInTable.test(value),
    'this header is not for a table: CORS has "cors"; cookies, framing and the gateway\'s own are left alone',
  ),
)

const headerTable = z.strictObject({
  preset: z.optional(z.enum(['legacy', 'strict'])),
  set: z.optional(z.record(tableName, headerValue)),
  setIfAbsent: z.optional(z.record(tableName, headerValue)),
  remove: z.optional(list(tableName)),
  csp: z.optional(csp),
})

/** What an origin's rules inherit, and each may override. */
export const shield = {
  cors: z.optional(
    z.union([z.literal('upstream'), z.literal('none'), cors], 'write { origins, ... }, "upstream" or "none"'),
  ),
  csrf: z.optional(csrf),
  mode: z.optional(z.enum(['enforce', 'report'])),
  headers: z.optional(
    z.union(
      [z.enum(['legacy', 'strict']), headerTable],
      'write "legacy", "strict", or { preset, set, setIfAbsent, remove, csp }',
    ),
  ),
}

export type ShieldConfig = z.input<z.ZodMiniObject<typeof shield>>
