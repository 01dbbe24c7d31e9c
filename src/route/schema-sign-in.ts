/** What an operator may write of the identity providers that people sign in with. */

import * as z from 'zod/mini'
import { claimPath, env, httpUrl, list, maybe, text, texts } from './schema-words.ts'

/** They carry the flow itself: what they say is the gateway's to say, each time anew. */
const ownParameter =
  /^(?:client_id|client_secret|client_assertion.*|response_type|response_mode|redirect_uri|scope|state|nonce|code.*|request.*|id_token_hint|claims|max_age|acr_values|registration)$/

const parameters = z.record(
  text.check(z.refine((name) => !ownParameter.test(name), 'the gateway sets this parameter itself; leave it out')),
  text,
)

export const idTokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

export const provider = z
  .strictObject({
    issuer: z.union([httpUrl, env], 'write the issuer of the provider, a URL, or { env }'),
    clientId: z.union([text, env], 'write the client id that the provider gave, or { env }'),
    clientSecret: z.optional(env),
    /** A private key as JWK with `alg` and `kid`, for private_key_jwt (RFC 7523). */
    clientKey: z.optional(env),
    clientAuthentication: z.optional(z.enum(['basic', 'post'])),
    label: z.optional(text),
    scopes: z.optional(
      list(text.check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no spaces or quotes'))).check(
        z.refine((scopes) => scopes.includes('openid'), 'without "openid" nobody says who it is: add it'),
      ),
    ),
    claims: z.optional(
      z.union(
        [texts, z.record(text, claimPath)],
        'write the claims to keep, ["email"], or names and where they stand, { team: "custom.team" }',
      ),
    ),
    roles: z.optional(claimPath),
    userinfo: maybe,
    algorithm: z.optional(z.enum(idTokenAlgorithms)),
    parameters: z.optional(parameters),
  })
  .check(
    z.refine(
      (value) => !(value.clientSecret && value.clientKey),
      'a secret and a key never serve one client: keep one',
    ),
    z.refine(
      (value) => !value.clientAuthentication || Boolean(value.clientSecret),
      'clientAuthentication says how the clientSecret is sent: write both or neither',
    ),
  )

export type ProviderConfig = z.input<typeof provider>
