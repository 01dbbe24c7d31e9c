/** What a gateway stands among: an origin, an issuer, a KV namespace, an upstream that is down. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { makeSession, sessionKey } from '../../src/session/session.ts'
import { createTestIssuer, type TestIssuer } from './issuer.ts'
import { type RawOrigin, startRawOrigin } from './origin.ts'
import { type RunningRuntime, type RuntimeName, startRuntime } from './runtimes.ts'

export interface Surroundings {
  readonly origin: RawOrigin
  readonly issuer: TestIssuer
  readonly runtime: RunningRuntime
  /** `Cookie` headers: of an ordinary account, of an administrator, of one whose record the store never gives. */
  readonly cookies: { readonly member: string; readonly admin: string; readonly hung: string }
  stop(): Promise<void>
}

/** What signs the CSRF tokens of every runtime here. */
export const csrfKey = Buffer.alloc(32, 7).toString('base64url')

/** Everything of one runtime, each part a process or a socket of its own. */
export async function surround(name: RuntimeName): Promise<Surroundings> {
  const origin = await startRawOrigin()
  const issuerServer = createServer()
  const issuerUrl = await listen(issuerServer)
  const issuer = await createTestIssuer(issuerUrl)
  issuerServer.on('request', (request, response) => {
    if (request.url?.startsWith('/hung')) return
    response.setHeader('content-type', 'application/json')
    const isDiscovery = request.url === '/.well-known/openid-configuration'
    response.end(JSON.stringify(isDiscovery ? { issuer: issuerUrl, jwks_uri: `${issuerUrl}/jwks` } : issuer.jwks))
  })

  const now = Date.now() / 1000
  const member = await makeSession(
    { subject: 'user-0', roles: ['member'], claims: { email: 'user0@example.com' }, ttlSeconds: 3600 },
    now,
  )
  const admin = await makeSession({ subject: 'root-0', roles: ['admin'], ttlSeconds: 3600 }, now)
  const hung = await makeSession({ subject: 'hung-0', ttlSeconds: 3600 }, now)
  const records = new Map<string, string | null>([
    [member.key, JSON.stringify(member.record)],
    [admin.key, JSON.stringify(admin.record)],
    [await sessionKey(hung.cookie), null],
  ])
  const kv = serveKv(records)
  const kvUrl = await listen(kv)

  const runtime = await startRuntime(name, {
    kvPort: Number(new URL(kvUrl).port),
    environment: {
      APP_URL: `http://127.0.0.1:${origin.port}`,
      DOWN_URL: `http://127.0.0.1:${await closedPort()}`,
      ISSUER: issuerUrl,
      HUNG_ISSUER: `${issuerUrl}/hung`,
      CSRF_KEY: csrfKey,
      SESSION_STORE: name === 'workerd' ? 'kv' : 'memory',
      TEST_SESSIONS: JSON.stringify([...records]),
    },
  })
  const cookieOf = (value: string): string => `__Host-sallyport=${value}`
  return {
    origin,
    issuer,
    runtime,
    cookies: { member: cookieOf(member.cookie), admin: cookieOf(admin.cookie), hung: cookieOf(hung.cookie) },
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

/** KV as workerd asks for it: `GET /key`, 404 for nothing. */
export function serveKv(records: ReadonlyMap<string, string | null>): Server {
  const written = new Map(records)
  return createServer(async (request, response) => {
    const key = decodeURIComponent((request.url ?? '').slice(1).split('?', 1)[0] ?? '')
    if (request.method === 'PUT') {
      let text = ''
      for await (const chunk of request) text += chunk
      written.set(key, text)
      return void response.end()
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

/** A port where nobody listens: one that was free a moment ago. */
export const closedPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
