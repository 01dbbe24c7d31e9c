/** The identity provider of the demo: oidc-provider with one page of its own, and tokens for a robot. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { accounts, findAccount } from '../legacy/accounts.ts'
import { readForm } from '../legacy/form.ts'

export interface IdentityProvider {
  readonly server: Server
  /** Lets people sign in for the gateway at this address; nobody can before. */
  admit(gateway: string): Promise<void>
}

export interface Client {
  readonly id: string
  readonly secret: string
}

const scopes = 'openid profile email'
const robotSeconds = 300

export function createIdentityProvider(client: Client): IdentityProvider {
  const keys = generateKeyPair('RS256', { extractable: true })
  let answer = (_: IncomingMessage, response: ServerResponse): void => void response.writeHead(503).end()
  const server = createServer((request, response) => answer(request, response))
  return { server, admit }

  async function admit(gateway: string): Promise<void> {
    const { privateKey } = await keys
    const jwk = await exportJWK(privateKey)
    const kid = await calculateJwkThumbprint(jwk)
    const issuer = addressOf(server)
    const provider = new Provider(issuer, {
      adapter: createMemoryAdapter(0),
      clients: [
        {
          client_id: client.id,
          client_secret: client.secret,
          redirect_uris: [`${gateway}/.sallyport/callback/corp`],
          post_logout_redirect_uris: [`${gateway}/.sallyport/signed-out`],
        },
      ],
      jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
      cookies: { keys: [client.secret] },
      claims: { openid: ['sub', 'roles'], email: ['email'], profile: ['name'] },
      findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => claimsOf(id) }),
      loadExistingGrant: grantAll,
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/sign-in/${uid}` },
      features: { devInteractions: { enabled: false } },
      ttl: { Session: 28_800, Grant: 28_800, Interaction: 600, AccessToken: 300, IdToken: 300 },
    })
    const speak = provider.callback()
    answer = (request, response) => {
      const { url = '/' } = request
      if (url.startsWith('/sign-in/')) void signIn(provider, request, response).catch(() => response.destroy())
      else if (url === '/robot-token') void robotToken().then((token) => send(response, 'text/plain', token))
      else speak(request, response)
    }

    function robotToken(): Promise<string> {
      return new SignJWT({ scope: 'reports.read' })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(issuer)
        .setAudience('https://api.example.com')
        .setSubject('report-robot')
        .setIssuedAt()
        .setExpirationTime(`${robotSeconds}s`)
        .sign(privateKey)
    }
  }
}

/** Shows the form, and takes it. */
async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return send(response, 'text/html', signInPage(false))
  const form = await readForm(request)
  const account = findAccount(form?.get('name') ?? null, form?.get('password') ?? null)
  if (!account) return send(response, 'text/html', signInPage(true))
  await provider.interactionFinished(request, response, { login: { accountId: account.name } }).catch(() => {
    response.writeHead(400).end('This sign-in is over. Open the page that you wanted once more.\n')
  })
}

/** Nobody is asked for consent: the gateway is the company's own. */
async function grantAll({ oidc }: GrantContext): Promise<unknown> {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
  grant.addOIDCScope(scopes)
  await grant.save()
  return grant
}

interface GrantContext {
  readonly oidc: {
    readonly provider: Provider
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
  }
}

function claimsOf(id: string): object {
  const account = accounts.find(({ name }) => name === id)
  return { sub: id, name: id, email: account?.email, roles: account?.roles }
}

/** Where a server that listens is: for a provider, its `iss`. */
export function addressOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no port')
  return `http://127.0.0.1:${address.port}`
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body)
}

const signInPage = (isWrong: boolean): string => `<!doctype html>
<html lang="en">
<title>Identity provider</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:24rem;margin:12vh auto;padding:0 1rem}input,button{font:inherit;width:100%;margin:.2rem 0 .8rem;box-sizing:border-box}</style>
<h1>Identity provider</h1>
<p>${isWrong ? '<b>Name and password do not belong together.</b>' : 'Sign in to go on to Old Books Ltd.'}
<form method="post">
<label>Name <input name="name" autocomplete="username" autofocus required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
</html>
`
