/** An identity provider that says what it is told, right or wrong: a fetch, and nothing behind it. */

import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

export interface Said {
  /** Its discovery document, or another answer in its stead. */
  discovery: Record<string, unknown> | (() => Response | Promise<Response>)
  /** The ID token, made of the claims that a good one has. */
  idToken(good: JWTPayload): Promise<string>
  /** The answer of the token endpoint. */
  token(body: Record<string, unknown>): Response | Promise<Response>
  userinfo: Record<string, unknown>
  jwks(): Response | Promise<Response>
}

export interface ScriptedProvider extends Said {
  readonly issuer: string
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Requests in the order they came: the last part of the address, and the form. */
  readonly asked: { readonly path: string; readonly form: URLSearchParams; readonly headers: Headers }[]
  /** What a person would have at the end of the way: the nonce that the gateway asked for. */
  nonce: string
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>
}

export const halfHash = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')

export async function createScriptedProvider(
  issuer = 'https://id.example.com',
  clientId = 'gateway',
): Promise<ScriptedProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'RS256' }
  const asked: ScriptedProvider['asked'] = []
  const provider: ScriptedProvider = {
    issuer,
    asked,
    nonce: '',
    discovery: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      authorization_response_iss_parameter_supported: true,
    },
    userinfo: { sub: 'alice', email: 'alice@example.com' },
    idToken: (good) => provider.sign(good),
    token: (body) => Response.json(body),
    jwks: () => Response.json({ keys: [jwk] }),
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(privateKey),
    async fetch(url, init) {
      const path = new URL(url).pathname
      // wherever its document says that they are
      const is = (name: string, usual: string): boolean =>
        (typeof provider.discovery !== 'function' && url === provider.discovery[name]) || path.endsWith(usual)
      asked.push({ path, form: new URLSearchParams(String(init.body ?? '')), headers: new Headers(init.headers) })
      if (path.endsWith('/.well-known/openid-configuration'))
        return typeof provider.discovery === 'function' ? provider.discovery() : Response.json(provider.discovery)
      if (is('jwks_uri', '/jwks')) return provider.jwks()
      if (is('userinfo_endpoint', '/userinfo')) return Response.json(provider.userinfo)
      if (is('pushed_authorization_request_endpoint', '/request'))
        return Response.json({ request_uri: 'urn:ietf:params:oauth:request_uri:x', expires_in: 60 }, { status: 201 })
      if (!is('token_endpoint', '/token')) return new Response(null, { status: 404 })
      const accessToken = 'an-access-token'
      const at = Math.floor(Date.now() / 1000)
      const good = {
        iss: issuer,
        aud: clientId,
        sub: 'alice',
        nonce: provider.nonce,
        iat: at,
        exp: at + 300,
        at_hash: halfHash(accessToken),
      }
      const idToken = await provider.idToken(good)
      return provider.token({
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: 300,
        id_token: idToken,
      })
    },
  }
  return provider
}
