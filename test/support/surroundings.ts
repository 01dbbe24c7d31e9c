/** What a gateway stands among: an origin, an issuer, a KV namespace, an upstream that is down. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { anyPort } from '../../examples/demo/ports.ts'
import type { NewSession } from '../../src/session/session.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createTestIssuer, type TestIssuer } from './issuer.ts'
import { type RawOrigin, startRawOrigin } from './origin.ts'
import { type RunningRuntime, type RuntimeName, startRuntime } from './runtimes.ts'
import { laySession } from './sessions.ts'

/** What a proxy shows that may ask for decisions. */
export const checkSecret = 'a-secret-of-the-tests-that-is-long-enough'

export interface Surroundings {
  readonly origin: RawOrigin
  readonly issuer: TestIssuer
  readonly runtime: RunningRuntime
  /** `Cookie` headers: of an ordinary account, of an administrator, of one whose record the store never gives, of one last seen two minutes ago. */
  readonly cookies: { readonly member: string; readonly admin: string; readonly hung: string; readonly idle: string }
  /** Keys that the gateway wrote to KV. */
  readonly written: readonly string[]
  stop(): Promise<void>
}

/** What signs the CSRF tokens of every runtime here. */
export const csrfKey = Buffer.alloc(32, 7).toString('base64url')

/** All that the conformance routes name; the upstream that is down is up until somebody says where it isn't. */
export const environmentOf = (app: string, issuer: string) => ({
  APP_URL: app,
  DOWN_URL: app,
  ISSUER: issuer,
  HUNG_ISSUER: `${issuer}/hung`,
  CSRF_KEY: csrfKey,
  INTROSPECTION_SECRET: 'a secret: of the gateway',
})

/** Everything of one runtime, each part a process or a socket of its own. */
export async function surround(name: RuntimeName): Promise<Surroundings> {
  const origin = await startRawOrigin()
  const issuerServer = createServer()
  const issuerUrl = await listen(issuerServer)
  const issuer = await createTestIssuer(issuerUrl)
  issuerServer.on('request', (request, response) => {
    if (request.url?.startsWith('/hung')) return
    response.setHeader('content-type', 'application/json')
    const end = (document: object): void => void response.end(JSON.stringify(document))
    if (request.url === '/.well-known/openid-configuration')
      return end({
        issuer: issuerUrl,
        jwks_uri: `${issuerUrl}/jwks`,
        introspection_endpoint: `${issuerUrl}/introspection`,
      })
    if (request.url !== '/introspection') return end(issuer.jwks)
    void introspect(request, issuerUrl).then((said) => said && end(said))
  })

  const now = Date.now() / 1000
  const make = (session: Pick<NewSession, 'subject' | 'roles' | 'claims'>, madeAt = now) =>
    laySession(
      createMemoryStore(() => madeAt),
      { ...session, ttlSeconds: 3600 },
      madeAt,
    )
  const member = await make({ subject: 'user-0', roles: ['member'], claims: { email: 'user0@example.com' } })
  const admin = await make({ subject: 'root-0', roles: ['admin'] })
  const hung = await make({ subject: 'hung-0' })
  const idle = await make({ subject: 'idle-0' }, now - 120)
  const records = [member, admin, hung, idle].map(
    ({ key, record }) => [key.place, key.name, record.subject === 'hung-0' ? null : JSON.stringify(record)] as const,
  )
  const written: string[] = []
  const kv = serveKv(new Map(records.map(([place, name, text]) => [`${place}/${name}`, text])), (key) =>
    written.push(key),
  )
  const kvUrl = await listen(kv)

  const runtime = await startRuntime(name, {
    kvPort: Number(new URL(kvUrl).port),
    environment: {
      ...environmentOf(`http://127.0.0.1:${origin.port}`, issuerUrl),
      DOWN_URL: `http://127.0.0.1:${await anyPort()}`,
      CHECK_SECRET: checkSecret,
      SESSION_STORE: name === 'workerd' ? 'kv' : 'memory',
      TEST_SESSIONS: JSON.stringify(records),
    },
  })
  const cookieOf = (value: string): string => `__Host-sallyport=${value}`
  return {
    origin,
    issuer,
    runtime,
    cookies: {
      member: cookieOf(member.cookie),
      admin: cookieOf(admin.cookie),
      hung: cookieOf(hung.cookie),
      idle: cookieOf(idle.cookie),
    },
    written,
    async stop() {
      await runtime.stop()
      await origin.close()
      for (const server of [issuerServer, kv]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

/** RFC 7662 for one token, `opaque-0`; of `opaque-hung` it never says anything, and to strangers nothing either. */
async function introspect(request: IncomingMessage, issuer: string): Promise<object | null> {
  const isGateway = request.headers.authorization === `Basic ${btoa('gateway:a+secret%3A+of+the+gateway')}`
  let form = ''
  for await (const chunk of request) form += chunk
  const token = new URLSearchParams(form).get('token')
  if (!isGateway || token === 'opaque-hung') return null
  const exp = Math.floor(Date.now() / 1000) + 300
  const claims = { iss: issuer, aud: 'https://api.example.com', sub: 'machine-0', token_type: 'Bearer', exp }
  return { active: token === 'opaque-0', ...(token === 'opaque-0' && claims) }
}

/** KV as workerd asks for it: `GET /key`, 404 for nothing; `POST /bulk/get` for several keys. A text of null hangs. */
export function serveKv(records: ReadonlyMap<string, string | null>, onPut = (_: string): unknown => null): Server {
  const written = new Map(records)
  return createServer(async (request, response) => {
    const key = decodeURIComponent((request.url ?? '').slice(1).split('?', 1)[0] ?? '')
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'PUT') {
      written.set(key, body)
      onPut(key)
      return void response.end()
    }
    if (key === 'bulk/get') {
      const { keys } = JSON.parse(body) as { keys: string[] }
      if (keys.some((name) => written.get(name) === null)) return
      const found = Object.fromEntries(keys.map((name) => [name, written.get(name) ?? null]))
      return void response.end(JSON.stringify(found))
    }
    const text = written.get(key)
    if (text === null) return
    response.statusCode = text === undefined ? 404 : 200
    response.end(text)
  })
}

export const listen = (server: Server): Promise<string> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )
