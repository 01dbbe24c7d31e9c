/** The examples with routes of their own: checked, started, asked. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunningGateway, runGateway } from '../../examples/demo/gateway.ts'
import { anyPort, listen } from '../../examples/demo/ports.ts'
import { addressOf } from '../../examples/demo/provider.ts'
import { openLocalKv } from '../../src/cli/local-kv.ts'
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts'
import { laySession } from '../support/sessions.ts'

const folder = process.cwd()
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(example: string, vars: Record<string, string>): Promise<RunningGateway> {
  const config = `examples/${example}/wrangler.toml`
  const gateway = runGateway({ folder, config, port: await anyPort(), vars, log: () => undefined })
  stops.push(() => gateway.stop())
  await gateway.ready
  return gateway
}

async function open(server: Server): Promise<string> {
  await listen(server, 0)
  stops.push(() => server.close().closeAllConnections())
  return addressOf(server)
}

async function openIssuer(): Promise<TestIssuer> {
  const server = createServer()
  const url = await open(server)
  const issuer = await createTestIssuer(url)
  server.on('request', (request, response) => {
    const isDiscovery = request.url === '/.well-known/openid-configuration'
    response.end(JSON.stringify(isDiscovery ? { issuer: url, jwks_uri: `${url}/jwks` } : issuer.jwks))
  })
  return issuer
}

describe.each(['api-bearer', 'php-in-front'])('examples/%s', (example) => {
  test('has routes without findings', () => {
    const args = ['src/cli/sallyport.js', 'check', '--routes', `examples/${example}/routes`]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stdout).toContain('No findings')
    expect(status).toBe(0)
  })
})

test('the API asks for a token of its own issuers, and for the scope', async () => {
  const upstream = createServer((request, response) =>
    response.end(
      JSON.stringify({ user: request.headers['x-remote-user'], issuer: request.headers['x-remote-issuer'] }),
    ),
  )
  const [url, machines, stranger] = [await open(upstream), await openIssuer(), await openIssuer()]
  const issuers = { MACHINES_ISSUER: machines.issuer, PEOPLE_ISSUER: `${url}/people` }
  const gateway = await start('api-bearer', { API_URL: url, ...issuers })
  const ask = async (path: string, token: string | null, init: RequestInit = {}) =>
    fetch(`http://localhost:${gateway.port}${path}`, {
      ...init,
      headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }), 'x-remote-user': 'root' },
    })
  const robot = { sub: 'report-robot', scope: 'reports.read' }
  const good = await machines.token(robot, { algorithm: 'ES256' })
  const foreign = await stranger.token(robot, { algorithm: 'ES256' })

  const answer = await ask('/api/reports', good)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({ user: 'report-robot', issuer: machines.issuer })
  expect(await (await ask('/status', null)).json()).toEqual({})
  expect((await ask('/api/reports', null)).status).toBe(401)
  expect((await ask('/api/reports', foreign)).status).toBe(401)
  // it may read, and not write
  expect((await ask('/api/reports/1', good, { method: 'DELETE' })).status).toBe(403)
  expect((await ask('/api/reports', good, { method: 'POST' })).status).toBe(404)
  const preflight = { origin: 'https://console.example.com', 'access-control-request-method': 'DELETE' }
  const allowed = await ask('/api/reports/1', null, { method: 'OPTIONS', headers: preflight })
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://console.example.com')
  const elsewhere = { ...preflight, origin: 'https://evil.example' }
  const refused = await ask('/api/reports/1', null, { method: 'OPTIONS', headers: elsewhere })
  expect(refused.headers.get('access-control-allow-origin')).toBeNull()
})

const lacksPhp = spawnSync('php', ['--version']).error !== undefined
if (lacksPhp) console.warn('php is missing: the PHP example is not tried')

test.skipIf(lacksPhp)('the PHP shop knows its visitors, and no forged ones', async () => {
  const phpPort = await anyPort()
  const app = join(folder, 'examples/php-in-front/app')
  const php: ChildProcess = spawn('php', ['-S', `127.0.0.1:${phpPort}`, '-t', app, join(app, 'router.php')], {
    stdio: 'ignore',
  })
  stops.push(() => php.kill('SIGKILL'))
  const gateway = await start('php-in-front', { PHP_URL: `http://127.0.0.1:${phpPort}` })
  const staff = await sessionOf('ada', ['staff'])
  const office = await sessionOf('grace', ['office'])
  const ask = async (path: string, cookie: string | null) => {
    const forged = { 'x-remote-user': 'root', X_Remote_User: 'root', 'X-Remote_Roles': 'office' }
    const response = await fetch(`http://localhost:${gateway.port}${path}`, {
      redirect: 'manual',
      headers: { ...forged, ...(cookie && { cookie }) },
    })
    return { status: response.status, location: response.headers.get('location'), text: await response.text() }
  }

  await expect.poll(async () => (await ask('/', null)).status, { timeout: 60_000 }).toBe(200)
  expect((await ask('/', null)).text).toContain('Good day, stranger.')
  expect((await ask('/', staff)).text).toContain('Good day, ada.')
  expect((await ask('/office.php', staff)).status).toBe(403)
  expect((await ask('/office.php/anything', staff)).status).toBe(403)
  const answer = await ask('/office.php', office)
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(/All orders, for grace\s+\(office\)/)
  expect(await navigate(`http://localhost:${gateway.port}/office.php`)).toBe('303 /sign-in.php?return_to=%2Foffice.php')
  expect((await ask('/sign-in.php', null)).status).toBe(200)
  expect((await ask('/forgotten.php', null)).status).toBe(401)
})

/** As a browser goes to a page; `fetch` would say that a script does. */
async function navigate(url: string): Promise<string> {
  const [response] = (await once(get(url, { headers: { accept: 'text/html' } }), 'response')) as [IncomingMessage]
  response.resume()
  return `${response.statusCode} ${response.headers.location}`
}

async function sessionOf(subject: string, roles: readonly string[]): Promise<string> {
  const kv = await openLocalKv({
    configPath: join(folder, 'examples/php-in-front/wrangler.toml'),
    persistTo: join(folder, 'examples/php-in-front/.wrangler/state'),
  })
  const made = await laySession(kv.store, { subject, roles, ttlSeconds: 600 }, Date.now() / 1000)
  await kv.close()
  return `__Host-sallyport=${made.cookie}`
}
