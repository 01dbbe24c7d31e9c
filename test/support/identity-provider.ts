/** A real OpenID Provider (oidc-provider) on a free port of 127.0.0.1, and a person who fills its forms. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import type { Visitor } from './visitor.ts'

export interface IdentityProvider {
  readonly issuer: string
  /** Method and path of every request, in order. */
  readonly asked: string[]
  /** What was posted to it, in order. */
  readonly forms: Readonly<Record<string, unknown>>[]
  /** Opens for a gateway at this address; before, nobody is known. Again: all that it gave is forgotten. */
  admit(gateway: string, change?: object): Promise<void>
  stop(): Promise<void>
}

export const clientSecret = 'a-secret-of-at-least-32-characters'

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const asked: string[] = []
  const forms: Record<string, unknown>[] = []
  let answer: ReturnType<Provider['callback']> | null = null
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`)
    if (answer) answer(request, response)
    else response.writeHead(503).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    asked,
    forms,
    async admit(gateway, change = {}) {
      const { privateKey } = await generateKeyPair('RS256', { extractable: true })
      const provider = new Provider(issuer, {
        adapter: createMemoryAdapter(0),
        clients: [
          {
            client_id: 'gateway',
            client_secret: clientSecret,
            redirect_uris: [`${gateway}/.sallyport/callback/corp`],
            post_logout_redirect_uris: [`${gateway}/.sallyport/signed-out`],
            backchannel_logout_uri: `${gateway}/.sallyport/backchannel-logout`,
            backchannel_logout_session_required: true,
            grant_types: ['authorization_code', 'refresh_token'],
          },
        ],
        jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' }] },
        cookies: { keys: ['a-key-for-the-tests'] },
        claims: { openid: ['sub'], email: ['email'], profile: ['name', 'roles'] },
        findAccount: (_: unknown, id: string) => ({
          accountId: id,
          claims: () => ({ sub: id, email: `${id}@example.com`, name: id, roles: id === 'root' ? ['admin'] : [] }),
        }),
        // its own way of asking refuses addresses of this machine
        fetch: (url: string, { dispatcher: _, ...init }: RequestInit & { dispatcher?: unknown }) => fetch(url, init),
        features: {
          devInteractions: { enabled: true },
          pushedAuthorizationRequests: { enabled: true },
          backchannelLogout: { enabled: true },
          revocation: { enabled: true },
        },
        ...change,
      })
      provider.use(async (context, next) => {
        await next()
        if (context.oidc?.body) forms.push({ ...context.oidc.body })
      })
      answer = provider.callback()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Follows to the provider, signs in as `login`, consents, and stops where the provider sends the browser back. */
export async function signInAtProvider(
  visitor: Visitor,
  start: string,
  login: string,
  consent: 'yes' | 'no' = 'yes',
): Promise<URL> {
  const isBack = (url: URL): boolean => url.pathname.startsWith('/.sallyport/callback/')
  let { url, response } = await visitor.follow(start, isBack)
  for (let forms = 0; response && forms < 5; forms++) {
    const page = await response.text()
    const form = /<form[^>]*action="([^"]+)"[\s\S]*?name="prompt" value="(\w+)"/.exec(page)
    if (!form) throw new Error(`no form at ${url.href}: ${response.status} ${page.slice(0, 400)}`)
    const [, action = '', prompt = ''] = form
    const address = new URL(action.replaceAll('&amp;', '&'), url)
    if (prompt === 'consent' && consent === 'no') {
      const abort = /href="([^"]+abort[^"]*)"/.exec(page)?.[1] ?? `${address.pathname}/abort`
      ;({ url, response } = await visitor.follow(new URL(abort, url).href, isBack))
      continue
    }
    const posted = await visitor.go(address.href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ prompt, login, password: 'x' })),
    })
    ;({ url, response } = await visitor.follow(new URL(posted.headers.get('location') ?? '/', address).href, isBack))
  }
  return url
}

/** Signs out at the provider, which tells the gateways before it answers. */
export async function endAtProvider(visitor: Visitor, issuer: string): Promise<void> {
  const page = await (await visitor.go(`${issuer}/session/end`)).text()
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const ended = await visitor.go(`${issuer}/session/end/confirm`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ xsrf, logout: 'yes' })),
  })
  if (ended.status >= 400) throw new Error(`not ended: ${ended.status} ${await ended.text()}`)
}
