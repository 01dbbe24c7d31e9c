/** What an operator may write about the way to an upstream and back. */

import * as z from 'zod/mini'
import { env, httpUrl, list, maybe } from './schema-words.ts'

const binding = z.strictObject({ binding: z.string().check(z.regex(/^[A-Z][A-Z0-9_]*$/)) })

const one = z.union([httpUrl, env, binding, z.literal('same-host')], 'write a URL, { env }, { binding } or "same-host"')

/** One, or several in the order in which they are tried. */
export const upstream = z.union(
  [httpUrl, env, binding, z.literal('same-host'), list(one)],
  'write a URL, { env }, { binding }, "same-host", or a list of them: the first that can be reached is taken',
)

const seconds = z.number().check(z.positive('a time-out is more than 0 seconds'), z.maximum(86_400))

const prefix = z
  .string()
  .check(
    z.regex(/^\/(?:[\w~!$&'()*+,=:@-][\w~!$&'()*+,=:@.-]*(?:\/(?!$))?)*$/, 'write the start of a path: "/app", or "/"'),
  )

/** What an origin's rules inherit, and each may override. */
export const forwarding = {
  timeouts: z.optional(
    z.strictObject({
      connectSeconds: z.optional(seconds),
      firstByteSeconds: z.optional(seconds),
      idleSeconds: z.optional(seconds),
      totalSeconds: z.optional(seconds),
    }),
  ),
  retries: z.optional(z.int().check(z.minimum(0), z.maximum(5))),
  limits: z.optional(z.strictObject({ bodyBytes: z.int().check(z.minimum(0)) })),
  rewrite: z.optional(
    z
      .strictObject({ from: prefix, to: prefix })
      .check(z.refine(({ from, to }) => from !== to, 'from and to are the same: leave "rewrite" out')),
  ),
  cookies: z.optional(
    z.strictObject({
      secure: maybe,
      httpOnly: maybe,
      sameSite: z.optional(z.enum(['Lax', 'Strict'])),
    }),
  ),
}

/** For one rule only, and a public one: by URL alone answers are told apart. */
export const cache = z.optional(z.strictObject({ key: z.literal('url') }))

export type UpstreamConfig = z.input<typeof upstream>
export type ForwardingConfig = z.input<z.ZodMiniObject<typeof forwarding>>
