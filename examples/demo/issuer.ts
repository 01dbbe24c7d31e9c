/** Signs tokens and publishes its keys, and lets a browser choose a session: the identity provider of the demo. */

import { createServer, type Server, type ServerResponse } from 'node:http'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'

export interface Account {
  readonly name: string
  readonly what: string
  /** The `Set-Cookie` header that hands this account's session to a browser. */
  readonly setCookie: string
}

export interface IssuerParts {
  /** Filled in once the sessions are seeded. */
  accounts(): readonly Account[]
  /** Where a browser goes with the session that it chose. */
  home(): string
}

const tokenSeconds = 300

/** Serves discovery, the key set, `/token` (a JWT good for five minutes), and a page with one button per account. */
export async function createIssuer({ accounts, home }: IssuerParts): Promise<Server> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const keys = { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] }

  const token = (issuer: string): Promise<string> =>
    new SignJWT({ scope: 'reports.read' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(issuer)
      .setAudience('https://api.example.com')
      .setSubject('report-robot')
      .setIssuedAt()
      .setExpirationTime(`${tokenSeconds}s`)
      .sign(privateKey)
  const server = createServer(({ method, url }, response) => {
    const issuer = addressOf(server)
    if (method === 'POST') return signIn(url ?? '', response)
    switch (url) {
      case '/.well-known/openid-configuration':
        return send(response, 'application/json', JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks.json` }))
      case '/jwks.json':
        return send(response, 'application/json', JSON.stringify(keys))
      case '/token':
        return void token(issuer).then((text) => send(response, 'text/plain', text))
      case '/':
        return send(response, 'text/html', signInPage(accounts()))
      default:
        return void response.writeHead(404).end()
    }
  })
  return server

  /** Cookies know hosts and not ports: what `localhost` hands out here, it sends to the gateway beside. */
  function signIn(url: string, response: ServerResponse): void {
    const account = accounts().find(({ name }) => url === `/as/${name}`)
    if (!account) return void response.writeHead(404).end()
    response.writeHead(303, { 'set-cookie': account.setCookie, location: home() }).end()
  }
}

/** The `iss` of its tokens, and where its keys are. */
export function addressOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no port')
  return `http://127.0.0.1:${address.port}`
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

const signInPage = (accounts: readonly Account[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign in to the demo</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:34rem;margin:18vh auto}button{font:inherit}</style>
<h1>Who are you today?</h1>
${accounts.map(({ name, what }) => `<form method="post" action="/as/${name}"><p><button>${name}, ${what}</button></form>`).join('\n')}
</html>
`
