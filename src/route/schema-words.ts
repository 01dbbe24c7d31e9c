/**
 * The words that every part of the schema is made of. What is said twice is made once: zod takes time over each schema that
 * is made, and a gateway makes them all before its first answer.
 */

import * as z from 'zod/mini'
import { isHttpUrl } from './http-url.ts'

export const text = z.string().check(z.minLength(1, 'write something'))
const notEmpty = z.minLength(1, 'an empty list says nothing; leave the key out or fill it')
/** Of what can't be left out. */
export const atLeastOne = <T extends z.ZodMiniType>(of: T, what: string) =>
  z.array(of).check(z.minLength(1, `write at least one ${what}`))
export const list = <T extends z.ZodMiniType>(of: T) => z.array(of).check(notEmpty)
export const texts = list(text)
export const maybe = z.optional(z.boolean())

export const method = z.string().check(
  z.regex(/^[A-Z][A-Z-]*$/, 'write the method in capitals: "GET"'),
  z.refine(
    (value) => !['TRACE', 'TRACK', 'CONNECT'].includes(value),
    'TRACE, TRACK and CONNECT are never let through; leave it out',
  ),
)

export const headerName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9-]*$/, 'a header is named with letters, digits and hyphens'))
export const headerValue = z.string().check(z.regex(/^[\x20-\x7e]*$/, 'a header value is printable ASCII'))

/** They frame the message, travel one hop, or are set by the gateway itself. */
export const identityName = headerName.check(
  z.refine(
    (name) =>
      !/^(?:host|cookie|set-cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|via|content-.*|proxy-.*|forwarded|x-forwarded-.*|x-request-id|x-sallyport.*|traceparent|tracestate)$/i.test(
        name,
      ),
    'this header has a meaning of its own; choose one that only says who it is: "X-Remote-User"',
  ),
)

export const env = z.strictObject(
  { env: z.string().check(z.regex(/^[A-Z][A-Z0-9_]*$/, 'name an environment variable: "BILLING_URL"')) },
  'write the name of an environment variable: { env: "BILLING_URL" }',
)

export const httpUrl = z
  .string()
  .check(
    z.refine(isHttpUrl, 'write an http or https URL without user, query or fragment: "https://billing.example.net"'),
  )

export const claimPath = z.union(
  [text, texts],
  'write a claim path: "realm_access.roles", or a list of keys: ["https://example.com/roles"]',
)
