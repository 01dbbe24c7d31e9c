import { describe, expect, it, vi } from 'vitest'
import { openGateway, type Runtime, StartError } from '../../src/runtime/runtime.ts'
import { createWorker } from '../../src/runtime/workers.ts'
import { promisesOf, type StorePromises } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'

const runtime: Runtime = {
  name: 'node',
  openStore: (name) => (name === 'memory' ? createMemoryStore(() => 0) : null),
  hasBinding: (name) => name === 'BILLING',
  hasZone: false,
}
const app = {
  name: 'app',
  host: 'app.example.com',
  upstream: 'https://app.example.net',
  session: true,
  rules: [{ path: '/*', access: 'signed-in' }],
}
const good = { origins: [app] }

function messageOf(routes: unknown, environment: Record<string, unknown> = { SESSION_STORE: 'memory' }): string {
  try {
    openGateway(routes, environment, runtime)
  } catch (error) {
    expect(error).toBeInstanceOf(StartError)
    return error instanceof Error ? error.message : ''
  }
  return 'it started'
}

describe('a gateway that can start', () => {
  it('does', () => {
    expect(messageOf(good)).toBe('it started')
  })
})

describe('a rule that wants each look-up to be true now', () => {
  const openWith = (promises: StorePromises, sessionStore: string, freshness: number) => () =>
    openGateway(
      { origins: [{ ...app, rules: [{ path: '/*', access: 'signed-in', freshness }] }] },
      { SESSION_STORE: sessionStore },
      { ...runtime, openStore: () => ({ ...createMemoryStore(() => 0), promises }) },
    )

  it('does not start on a store that may be late', () => {
    expect(openWith(promisesOf.kv, 'kv', 0)).toThrow(
      /routes\/app\.ts: rules\[0\]\.freshness \(0\): .* at once, and kv may be 60 s late; choose a store whose consistency is strong/,
    )
  })

  it.each([0.001, 4.999])('nor where it says so with a freshness of %s', (freshness) => {
    expect(openWith(promisesOf.kv, 'kv', freshness)).toThrow(/within \d\.\d+ s, and kv may be 60 s late; .*: 5$/m)
  })

  it('starts on it with what it can keep', () => {
    expect(openWith(promisesOf.kv, 'kv', 5)).not.toThrow()
  })

  it('starts on a strong one', () => {
    expect(openWith(promisesOf.memory, 'memory', 0)).not.toThrow()
  })
})

describe('a gateway does not start', () => {
  it.each<[string, unknown, Record<string, unknown>, RegExp]>([
    ['without configuration', undefined, {}, /^ {2}routes\/index\.ts: \(the file\)/m],
    ['with null', null, {}, /routes\/index\.ts/],
    ['with an empty one', {}, {}, /routes\/index\.ts: origins: missing/],
    [
      'with a rule without access',
      { origins: [{ ...app, rules: [{ path: '/*' }] }] },
      {},
      /routes\/app\.ts: rules\[0\]\.access: missing/,
    ],
    [
      'with an unknown key',
      { origins: [{ ...app, sesion: true }] },
      {},
      /routes\/app\.ts: sesion \(true\): unknown key "sesion"; did you mean "session"\?/,
    ],
    [
      'with a variable that is not set',
      { origins: [{ ...app, upstream: { env: 'APP_URL' } }] },
      {},
      /routes\/app\.ts: upstream\.env \("APP_URL"\): the environment variable is not set, or empty; set it in/,
    ],
    [
      'with a store that this runtime lacks',
      good,
      { SESSION_STORE: 'kv' },
      /environment: SESSION_STORE \(kv\): node can't open this store; on Workers bind/,
    ],
    [
      'with no store and sessions',
      good,
      {},
      /environment: SESSION_STORE: not set, and the origin "app" reads sessions/,
    ],
    [
      'behind itself',
      { origins: [{ ...app, upstream: 'same-host' }] },
      { SESSION_STORE: 'memory' },
      /routes\/app\.ts: upstream \(same-host\): on node this leads back/,
    ],
    [
      'with a binding that is not there',
      { origins: [{ ...app, upstream: { binding: 'MISSING' } }] },
      { SESSION_STORE: 'memory' },
      /routes\/app\.ts: upstream \(MISSING\): there is no binding/,
    ],
    [
      'with an unreachable rule',
      { origins: [{ ...app, rules: [...app.rules, { path: '/a', access: 'public' }] }] },
      { SESSION_STORE: 'memory' },
      /routes\/app\.ts: rules\[1\]/,
    ],
  ])('%s', (_, routes, environment, message) => {
    expect(messageOf(routes, environment)).toMatch(message)
  })

  it('and says all that is wrong, of routes and settings together', () => {
    const routes = {
      origins: [
        { ...app, upstream: { env: 'APP_URL' } },
        { ...app, name: 'b', host: 'b.example.com', upstream: { env: 'B_URL' } },
      ],
    }
    const message = messageOf(routes, { LOG: 'loud', STORE_TIMEOUT_MS: '0' })
    expect(message.split('\n')).toHaveLength(5)
    for (const part of ['APP_URL', 'B_URL', 'LOG ("loud")', 'STORE_TIMEOUT_MS ("0")']) expect(message).toContain(part)
  })

  it.each<[string, object, Record<string, string>]>([
    ['a shared secret written into the routes', { secret: 'hunter2-hunter2-hunter2' }, {}],
    ['a shared secret under another name', { sharedSecret: 'hunter2-hunter2-hunter2' }, {}],
    ['a secret key in a key set', { jwks: { keys: [{ kty: 'oct', k: 'hunter2' }] } }, {}],
    [
      'a shared secret that is too short',
      { algorithms: ['HS256'], secret: { env: 'CORP_SECRET' } },
      { CORP_SECRET: 'hunter2' },
    ],
    ['a password in the address of keys', { jwks: 'https://user:hunter2@corp.example.com/jwks' }, {}],
    [
      'a password in an address of the environment',
      { jwks: { env: 'KEYS_URL' } },
      { KEYS_URL: 'ftp://user:hunter2@corp.example.com/jwks' },
    ],
  ])('and never shows %s', (_, change, environment) => {
    const corp = { issuer: 'https://corp.example.com', audience: 'api', algorithms: ['RS256'], ...change }
    const message = messageOf({ ...good, issuers: { corp } }, environment)
    expect(message).toContain('corp')
    expect(message).not.toContain('hunter2')
  })
})

describe('on workerd, where there is no start to fail at', () => {
  const bad = { origins: [{ ...app, rules: [{ path: '/*', access: 'everyone' }] }] }

  async function ask(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ response: Response; lines: string[] }> {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const send = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('nothing may be sent'))
    try {
      const worker = createWorker(bad)
      const handle = (request: Request) =>
        worker.fetch(request, { SESSION_STORE: 'memory' }, { waitUntil: () => undefined })
      const request = () => new Request(`https://app.example.com${path}`, { headers })
      await handle(request())
      const response = await handle(request())
      expect(send).not.toHaveBeenCalled()
      return { response, lines: log.mock.calls.map(([line]) => String(line)) }
    } finally {
      log.mockRestore()
      send.mockRestore()
    }
  }

  it.each(['/', '/admin', '/.sallyport/health', '/.well-known/sallyport/jwks.json'])(
    'every request is refused, and each leaves a line that says what to mend: %s',
    async (path) => {
      const { response, lines } = await ask(`${path}?token=hunter2`)
      expect([response.status, response.headers.get('x-sallyport')]).toEqual([500, 'refused'])
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.text()).not.toMatch(/everyone|rules|routes/)
      expect(lines).toHaveLength(2)
      for (const line of lines) {
        expect(JSON.parse(line)).toMatchObject({ path, decision: 'refuse', reason: 'fault', status: 500 })
        expect(line).toContain('routes/app.ts: rules[0].access')
        expect(line).not.toContain('hunter2')
      }
    },
  )

  it('a person gets a page', async () => {
    const { response } = await ask('/', { accept: 'text/html' })
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(await response.text()).toContain('The request was not forwarded.')
  })
})
