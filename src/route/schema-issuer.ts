/** What an operator may write of the issuers whose Bearer tokens are taken. */

import * as z from 'zod/mini'
import { claimPath, env, httpUrl, list, text, texts } from './schema-words.ts'

const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

/** RFC 7518 section 6: what only the private half of a pair has. */
const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

const publicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) })
  .check(
    z.refine(
      (key) => !privateParts.some((part) => Object.hasOwn(key, part)),
      'this is a private key, and whoever reads routes/ can sign with it: write its public half, better of a new pair',
    ),
  )

export const issuer = z
  .strictObject({
    issuer: z.union([httpUrl, env], 'write the "iss" of its tokens, a URL, or { env }'),
    audience: z.union([text, env, texts], 'write the "aud" that its tokens must have, a list of them, or { env }'),
    algorithms: z.optional(list(z.enum([...asymmetric, 'HS256']))),
    jwks: z.optional(
      z.union([httpUrl, env, z.strictObject({ keys: list(publicKey) })], 'write a URL, { env } or { keys: [...] }'),
    ),
    secret: z.optional(env),
    roles: z.optional(claimPath),
    scopes: z.optional(claimPath),
    type: z.optional(text),
    maxAgeSeconds: z.optional(z.int().check(z.positive())),
    clockToleranceSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(60))),
    introspection: z.optional(
      z.strictObject({ url: z.optional(z.union([httpUrl, env])), clientId: z.union([text, env]), clientSecret: env }),
    ),
    advertised: z.optional(z.literal(false, 'write false, or leave it out')),
  })
  .check(
    z.refine(
      (value) => Boolean(value.algorithms ?? value.introspection),
      'say how its tokens are judged: write algorithms for JWTs, introspection for others, or both',
    ),
    z.refine(
      (value) => Boolean(value.algorithms) || !value.jwks,
      'keys are of no use without algorithms: write both or neither',
    ),
    z.refine(
      (value) => !(value.secret && value.jwks),
      'a shared secret and a key set never serve one issuer: keep one',
    ),
    z.refine(
      (value) => Boolean(value.secret) === (value.algorithms?.includes('HS256') ?? false),
      'HS256 and { secret: { env } } go together, and with nothing else',
    ),
    z.refine(
      (value) => !value.secret || value.algorithms?.length === 1,
      'with a shared secret the only algorithm is HS256',
    ),
  )

export type IssuerConfig = z.input<typeof issuer>
