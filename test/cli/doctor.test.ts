import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { exportJWK, generateKeyPair } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createSignIn } from '../../src/sign-in/sign-in.ts'
import { openTestGateway } from '../support/gateway.ts'
import { clientSecret, type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { sealingKey } from '../support/sign-in-gateway.ts'
import { makeFolder, type Ran, sallyport } from './support.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

async function serve(listener: Listener = () => undefined): Promise<{ server: Server; url: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close().closeAllConnections())
  // as localhost, where a browser keeps a Secure cookie
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` }
}

const routesWith = (provider: object = {}) => ({
  providers: {
    corp: { issuer: { env: 'CORP_ISSUER' }, clientId: 'gateway', clientSecret: { env: 'CORP_SECRET' }, ...provider },
  },
  origins: [
    {
      name: 'app',
      host: ['localhost', 'app.example.invalid', '*.app.example.invalid'],
      upstream: 'http://127.0.0.1:1',
      session: true,
      providers: ['corp'],
      rules: [{ path: '/*', access: 'signed-in' }],
    },
  ],
})

interface Found {
  readonly check: string
  readonly verdict: string
  readonly says: string
  readonly fix: string
}

async function ask(issuer: string, words: readonly string[], change: object = {}, more: Record<string, string> = {}) {
  const routes = routesWith(change)
  const files = {
    'routes/index.ts': `import app from './app.ts'\nexport default { providers: ${JSON.stringify(routes.providers)}, origins: [app] }`,
    'routes/app.ts': `export default ${JSON.stringify(routes.origins[0])}`,
  }
  const folder = makeFolder(files)
  ends.push(() => folder.end())
  const environment = {
    SESSION_STORE: 'memory',
    CORP_ISSUER: issuer,
    CORP_SECRET: clientSecret,
    SEALING_KEY: sealingKey,
    PROVIDER_TIMEOUT_MS: '10000',
    ...more,
  }
  const ran = await sallyport(['doctor', ...words], { cwd: folder.path, environment })
  expect(ran.out + ran.err).not.toContain(clientSecret)
  return ran
}

const findingsOf = ({ out }: Ran): readonly Found[] =>
  (JSON.parse(out) as { visits: readonly { findings: readonly Found[] }[] }).visits.flatMap(({ findings }) => findings)

const verdicts = (ran: Ran): readonly string[] => findingsOf(ran).map(({ check, verdict }) => `${check} ${verdict}`)

describe('with a real provider', () => {
  let provider: IdentityProvider
  let gateway: { url: string }
  beforeEach(async () => {
    provider = await startIdentityProvider()
    ends.push(() => provider.stop())
    const environment = {
      SESSION_STORE: 'memory',
      CORP_ISSUER: provider.issuer,
      CORP_SECRET: clientSecret,
      SEALING_KEY: sealingKey,
    }
    const opened = openTestGateway(routesWith(), environment, {
      store: createMemoryStore(() => Date.now() / 1000),
      fetch: (url, init) => fetch(url, init),
      signIn: createSignIn,
    })
    gateway = await serve(getRequestListener(opened.gateway.endpoints.fetch))
  })

  const pushed = { features: { pushedAuthorizationRequests: { enabled: true } } }
  const plain = { features: { pushedAuthorizationRequests: { enabled: false } } }

  it.each([
    ['that takes pushed requests', pushed],
    ['that takes none', plain],
  ])('%s, all is well', async (_, change) => {
    await provider.admit(gateway.url, change)
    const ran = await ask(provider.issuer, ['--url', gateway.url])
    expect(ran.out).toContain(`corp (${provider.issuer})\n  ?     discovery`)
    expect(ran.out).toContain('good for trying out on one machine')
    expect(ran.out).toMatch(/^ {2}ok {4}abilities {2}code flow, S256, RS256, openid profile email$/m)
    expect(ran.out).toMatch(/^ {2}ok {4}keys {7}1 at http/m)
    expect(ran.out).toMatch(/^ {2}ok {4}client {5}the provider knows "gateway" by its secret$/m)
    expect(ran.out).toContain(`  ok    redirect   ${gateway.url}/.sallyport/callback/corp`)
    expect(ran.out).toMatch(/^ {2}ok {4}cookie {5}cookies pass both ways, as they are$/m)
    expect(ran.out.match(/^ {2}ok {4}clock/gm)).toHaveLength(2)
    expect([ran.code, ran.err]).toEqual([0, ''])
    expect(ran.out).not.toContain('MEND')
  })

  it.each([
    ['that takes pushed requests', pushed],
    ['that takes none', plain],
  ])('%s, a redirect address that nobody registered is found', async (_, change) => {
    await provider.admit('https://elsewhere.example.com', change)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'])
    expect(ran.code).toBe(1)
    const found = findingsOf(ran).find(({ check }) => check === 'redirect')
    expect(found).toMatchObject({
      verdict: 'mend',
      fix: `register ${gateway.url}/.sallyport/callback/corp at the provider as redirect address, to the letter`,
    })
  })

  it('a secret that is another’s, or not here, is found, and no stand-in is sent', async () => {
    await provider.admit(gateway.url)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'], {}, { CORP_SECRET: 'another' })
    expect(findingsOf(ran).find(({ check }) => check === 'client')).toMatchObject({
      verdict: 'mend',
      says: 'the provider doesn\'t take "gateway" by its secret (invalid_client)',
    })
    expect(verdicts(ran).filter((one) => one.startsWith('redirect'))).toEqual([])

    const toml = `name = "a"\ncompatibility_date = "2026-11-01"\n[vars]\nCORP_ISSUER = ${JSON.stringify(provider.issuer)}\nSESSION_STORE = "upstash"\n[secrets]\nrequired = ["CORP_SECRET", "SEALING_KEY", "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"]\n`
    const routes = routesWith()
    const folder = makeFolder({
      'wrangler.toml': toml,
      'routes/index.ts': `import app from './app.ts'\nexport default { providers: ${JSON.stringify(routes.providers)}, origins: [app] }`,
      'routes/app.ts': `export default ${JSON.stringify(routes.origins[0])}`,
    })
    ends.push(() => folder.end())
    provider.asked.length = 0
    const kept = await sallyport(['doctor', '--url', gateway.url], { cwd: folder.path })
    expect(kept.out).toMatch(/^ {2}\? {5}client {5}CORP_SECRET is not here, so the provider wasn't asked$/m)
    expect(provider.asked).not.toContain('POST /token')
  })

  it('a client that the provider doesn’t know is found', async () => {
    await provider.admit(gateway.url)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'], { clientId: 'another' })
    expect(verdicts(ran)).toContain('client mend')
  })

  it('an algorithm that its keys aren’t for is found', async () => {
    await provider.admit(gateway.url)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'], { algorithm: 'ES256' })
    expect(verdicts(ran)).toEqual(expect.arrayContaining(['abilities mend', 'keys mend']))
    expect(findingsOf(ran).find(({ check }) => check === 'abilities')?.fix).toContain("write algorithm: 'RS256'")
  })

  it('a scope that it doesn’t know is found', async () => {
    await provider.admit(gateway.url)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'], { scopes: ['openid', 'everything'] })
    expect(findingsOf(ran).find(({ check }) => check === 'abilities')?.says).toBe('it knows no scope "everything"')
  })

  it.each<[string, (response: ServerResponse, set: readonly string[]) => void, string]>([
    ['loses Set-Cookie', (response) => response.removeHeader('set-cookie'), 'lost on its way to the browser'],
    [
      'takes Secure away',
      (response, set) =>
        response.setHeader(
          'set-cookie',
          set.map((text) => text.replace('; Secure', '')),
        ),
      'changed on its way to the browser',
    ],
    [
      'writes a Domain',
      (response, set) =>
        response.setHeader(
          'set-cookie',
          set.map((text) => `${text}; Domain=example.com`),
        ),
      'changed on its way to the browser',
    ],
  ])('what stands in front and %s is found', async (_, spoil, says) => {
    const front = await serve(async (request, response) => {
      const answer = await pass(gateway.url, request)
      for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value ?? '')
      spoil(response, answer.headers['set-cookie'] ?? [])
      response.writeHead(answer.statusCode ?? 500).end()
    })
    await provider.admit(front.url)
    const ran = await ask(provider.issuer, ['--url', front.url, '--json'])
    expect(findingsOf(ran).find(({ check }) => check === 'cookie')).toMatchObject({
      verdict: 'mend',
      says: expect.stringContaining(says),
    })
  })

  it('what stands in front and loses Cookie is found', async () => {
    const front = await serve(async (request, response) => {
      delete request.headers.cookie
      const answer = await pass(gateway.url, request)
      response.writeHead(answer.statusCode ?? 500, answer.headers).end()
    })
    await provider.admit(front.url)
    const ran = await ask(provider.issuer, ['--url', front.url, '--json'])
    expect(findingsOf(ran).find(({ check }) => check === 'cookie')?.says).toContain('lost on their way to the gateway')
  })

  it('a gateway that takes itself for another host is found', async () => {
    const front = await serve(async (request, response) => {
      const answer = await pass(gateway.url, request, new URL(gateway.url).host)
      response.writeHead(answer.statusCode ?? 500, answer.headers).end()
    })
    await provider.admit(gateway.url, plain)
    const ran = await ask(provider.issuer, ['--url', front.url, '--json'])
    expect(findingsOf(ran).find(({ check }) => check === 'gateway')).toMatchObject({
      verdict: 'mend',
      says: `${front.url} takes itself for ${gateway.url}`,
      fix: expect.stringContaining('PUBLIC_SCHEME'),
    })
  })

  it('a gateway that has no such provider, isn’t one, or isn’t there is told apart', async () => {
    await provider.admit(gateway.url)
    const stranger = await serve((_, response) => response.end('hello'))
    const gone = await serve()
    gone.server.close()
    const urls = ['--url', stranger.url, '--url', gone.url, '--url', gateway.url.replace('localhost', '127.0.0.1')]
    const ran = await ask(provider.issuer, [...urls, '--json'])
    const found = findingsOf(ran).filter(({ check }) => check === 'gateway')
    expect(found.map(({ verdict }) => verdict)).toEqual(['mend', 'unknown', 'mend'])
    expect(found[0]?.says).toContain('not as a gateway would')
    expect(found[1]?.says).toContain('ECONNREFUSED')
    expect(found[2]?.says).toContain('it has no such provider')
  })

  it('a gateway that can’t begin says why, by the code that its log has', async () => {
    // the gateway knows an address that the provider wasn't told
    await provider.admit('https://elsewhere.example.com', pushed)
    const ran = await ask(provider.issuer, ['--url', gateway.url, '--json'])
    expect(findingsOf(ran).find(({ check }) => check === 'gateway')).toMatchObject({
      verdict: 'mend',
      says: `${gateway.url} can't begin a sign-in: provider-error`,
      fix: expect.stringMatching(/as request [\da-f-]{36}/),
    })
  })

  it('asks each host of the origins where none is named', async () => {
    await provider.admit('https://app.example.invalid')
    const ran = await ask(provider.issuer, ['--json'])
    const says = findingsOf(ran).map((found) => `${found.check} ${found.verdict} ${found.says}`)
    expect(says).toContain('redirect ok https://app.example.invalid/.sallyport/callback/corp')
    expect(says.join('\n')).not.toMatch(/localhost|\*/)
    expect(says.at(-1)).toMatch(/^gateway unknown https:\/\/app\.example\.invalid gives no answer/)
    expect(ran.code).toBe(0)
  })
})

describe('with a provider that is not as it should be', () => {
  /** A provider on a port of its own, which says what it is told. */
  async function startScripted(change: (issuer: string) => Record<string, unknown> | Listener): Promise<string> {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }
    const { server, url } = await serve()
    server.on('request', (request, response) => {
      const changed = change(url)
      if (typeof changed === 'function') return changed(request, response)
      response.setHeader('content-type', 'application/json')
      if (request.url === '/jwks') return response.end(JSON.stringify({ keys: [jwk] }))
      if (request.url === '/token') return response.writeHead(400).end('{"error":"invalid_grant"}')
      if (request.url?.startsWith('/authorize')) return response.writeHead(200).end('a page')
      const document = { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` }
      return response.end(JSON.stringify({ ...document, jwks_uri: `${url}/jwks`, ...changed }))
    })
    return url
  }

  const answering = (status: number, body: string, headers: Record<string, string> = {}): Listener => {
    return (_, response) => response.writeHead(status, headers).end(body)
  }

  it.each<[string, (issuer: string) => Record<string, unknown> | Listener, string, string]>([
    ['calls itself otherwise', (issuer) => ({ issuer: `${issuer}/` }), 'discovery', 'it calls itself "http'],
    ['isn’t at this address', () => answering(404, ''), 'discovery', 'answers 404'],
    ['leads elsewhere', () => answering(302, '', { location: 'https://id.example.com' }), 'discovery', 'a redirect'],
    ['speaks HTML', () => answering(200, '<p>hello'), 'discovery', 'is not JSON'],
    ['never answers', () => () => undefined, 'discovery', 'no answer'],
    ['says too much', () => answering(200, 'x'.repeat(300_000)), 'discovery', 'more than 262144 bytes'],
    ['has no token endpoint', () => ({ token_endpoint: undefined }), 'discovery', 'no good token_endpoint'],
    ['has no code flow', () => ({ response_types_supported: ['id_token'] }), 'abilities', 'no authorization code flow'],
    [
      'knows PKCE by its plain method alone',
      () => ({ code_challenge_methods_supported: ['plain'] }),
      'abilities',
      'S256',
    ],
    [
      'signs with a shared secret',
      () => ({ id_token_signing_alg_values_supported: ['HS256'] }),
      'abilities',
      'HS256, and not with RS256',
    ],
    ['has its keys nowhere', (issuer) => ({ jwks_uri: `${issuer}/authorize` }), 'keys', '/authorize: '],
    ['has its keys where nobody answers', () => ({ jwks_uri: 'http://127.0.0.1:2/jwks' }), 'keys', 'ECONNREFUSED'],
    [
      'has no token endpoint that answers',
      () => ({ token_endpoint: 'http://127.0.0.1:2/token' }),
      'client',
      'ECONNREFUSED',
    ],
  ])('%s', async (_, change, check, says) => {
    const issuer = await startScripted(change)
    const ran = await ask(issuer, ['--url', issuer, '--json'], {}, { PROVIDER_TIMEOUT_MS: '2000' })
    expect(ran.code).toBe(1)
    expect(findingsOf(ran).filter(({ verdict }) => verdict === 'mend')[0]).toMatchObject({
      check,
      says: expect.stringContaining(says),
      fix: expect.stringMatching(/\w/),
    })
  })

  it.each([
    [-3_600, 'mend', 'the provider is SECONDS s behind this machine, and only 30 are tolerated'],
    [20, 'ok', 'SECONDS s ahead of this machine: 30 are tolerated'],
  ])('has a clock that is off by %d seconds', async (seconds, verdict, says) => {
    const issuer = await startScripted((self) => (_, response) => {
      response.setHeader('date', new Date(Date.now() + seconds * 1000).toUTCString())
      const endpoints = { authorization_endpoint: `${self}/a`, token_endpoint: `${self}/t`, jwks_uri: `${self}/j` }
      response.end(JSON.stringify({ issuer: self, ...endpoints }))
    })
    const clock = findingsOf(await ask(issuer, ['--url', issuer, '--json'])).find(({ check }) => check === 'clock')
    expect(clock?.verdict).toBe(verdict)
    // the clock goes on while it is asked
    const [told = '0'] = /\d+/.exec(clock?.says ?? '') ?? []
    expect(Math.abs(Number(told) - Math.abs(seconds))).toBeLessThan(9)
    expect(clock?.says).toContain(says.replace('SECONDS', told))
  })

  it('is behind a cache that kept its answer: that is no clock', async () => {
    const issuer = await startScripted((self) => (_, response) => {
      response.setHeader('date', new Date(Date.now() - 600_000).toUTCString()).setHeader('age', '600')
      const endpoints = { authorization_endpoint: `${self}/a`, token_endpoint: `${self}/t`, jwks_uri: `${self}/j` }
      response.end(JSON.stringify({ issuer: self, ...endpoints }))
    })
    expect(verdicts(await ask(issuer, ['--url', issuer, '--json']))).toContain('clock ok')
  })

  it('doesn’t say whether it takes the redirect address: then a person can look', async () => {
    const issuer = await startScripted(() => ({}))
    const found = findingsOf(await ask(issuer, ['--url', 'http://localhost:1', '--json']))
    expect(found.find(({ check }) => check === 'redirect')).toMatchObject({
      verdict: 'unknown',
      fix: expect.stringMatching(
        /^open http:\/\/localhost:\d+\/authorize\?.*redirect_uri=http%3A%2F%2Flocalhost%3A1%2F/,
      ),
    })
  })

  it('says what a terminal would obey, and is not obeyed', async () => {
    const issuer = await startScripted(() => ({ id_token_signing_alg_values_supported: ['\u001b[2J\u009b2J'] }))
    const ran = await ask(issuer, ['--url', issuer])
    expect(ran.out).toContain('it signs ID tokens with ?[2J?2J, and not with RS256')
  })

  it('isn’t there', async () => {
    const { server, url } = await serve()
    server.close()
    const ran = await ask(url, [])
    expect(ran.code).toBe(1)
    expect(ran.out).toContain(`  MEND  discovery  ${url}/.well-known/openid-configuration: no answer (ECONNREFUSED)\n`)
    expect(ran.out).toContain(
      '                   fix: see that this machine and the gateway can reach it, by that name',
    )
  })
})

it.each([
  ['a provider that no origin names', ['--provider', 'other'], 2, 'no origin has the provider "other"; there is: corp'],
  ['an address that is none', ['--url', 'ftp://localhost'], 2, 'is no http address'],
])('%s is typed wrongly', async (_, words, code, says) => {
  const { url } = await serve((_, response) => {
    const endpoints = { authorization_endpoint: `${url}/a`, token_endpoint: `${url}/t`, jwks_uri: `${url}/j` }
    response.end(JSON.stringify({ issuer: url, ...endpoints }))
  })
  const ran = await ask(url, words)
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(says)])
})

/** What the gateway answers, as a proxy gets it. */
const pass = (to: string, { url, headers }: IncomingMessage, host = headers.host): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`${to}${url}`, { headers: { ...headers, host } }, (answer) => resolve(answer.resume())).on('error', reject)
  })
