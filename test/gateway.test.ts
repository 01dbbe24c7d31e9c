import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { HeaderBag } from '../src/head.ts'
import { createMemoryStore } from '../src/session/stores/memory.ts'
import { openTestGateway, type TestGateway } from './support/gateway.ts'
import { head } from './support/head.ts'
import { createTestIssuer, type TestIssuer, testAudience } from './support/issuer.ts'
import { type Laid, laySession } from './support/sessions.ts'

const now = 1_800_000_000
const store = createMemoryStore(() => now)
let corp: TestIssuer
let session: Laid
let cookie: string

beforeAll(async () => {
  corp = await createTestIssuer('https://corp.example.com', () => now)
  session = await laySession(store, { subject: 'user-0', ttlSeconds: 60 }, now)
  cookie = `__Host-sallyport=${session.cookie}`
})

function open(
  environment: Record<string, string> = {},
  parts: Parameters<typeof openTestGateway>[2] = {},
): TestGateway {
  const routes = {
    issuers: {
      corp: { issuer: corp.issuer, audience: testAudience, algorithms: ['RS256'], jwks: corp.jwks },
      down: {
        issuer: 'https://down.example.com',
        audience: testAudience,
        algorithms: ['RS256'],
        jwks: 'https://down.example.com/jwks',
      },
    },
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'https://app.example.net',
        session: true,
        bearer: ['corp', 'down'],
        signIn: '/login',
        identity: { headers: { 'X-Remote-User': 'subject' } },
        rules: [
          { path: '/assets/*', access: 'public' },
          { path: '/admin/*', access: { roles: ['admin'] } },
          { path: '/*', access: 'signed-in' },
        ],
      },
    ],
  }
  return openTestGateway(routes, { SESSION_STORE: 'memory', ...environment }, { store, now: () => now, ...parts })
}

const lineOf = async (request: string, headers: Record<string, string> = {}): Promise<unknown> => {
  const gate = open()
  await gate.ask(request, headers)
  expect(gate.lines).toHaveLength(1)
  return JSON.parse(gate.lines[0] ?? '')
}

describe('the line that a request leaves', () => {
  it('says who was let through, where, by which rule', async () => {
    expect(await lineOf('GET https://app.example.com/a/b?c=d', { cookie })).toEqual({
      time: '2027-01-15T08:00:00.000Z',
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      origin: 'app',
      rule: '/*',
      method: 'GET',
      path: '/a/b',
      decision: 'forward',
      status: 200,
      subject: 'user-0',
      milliseconds: 0,
      storeMilliseconds: 0,
      keysMilliseconds: 0,
      upstreamMilliseconds: 0,
    })
  })

  it('says why somebody was not', async () => {
    expect(await lineOf('GET https://app.example.com/admin/x', { cookie })).toMatchObject({
      rule: '/admin/*',
      decision: 'refuse',
      reason: 'not-allowed',
      status: 403,
      subject: 'user-0',
      why: { needs: { roles: ['admin'] } },
    })
    expect(await lineOf('GET https://app.example.com/', { authorization: 'Bearer a.b.c' })).toMatchObject({
      reason: 'bad-token',
      status: 401,
      why: { fault: 'malformed' },
    })
  })

  it('names nobody where nobody was asked', async () => {
    const line = await lineOf('GET https://app.example.com/assets/a.css', { cookie })
    expect(line).toMatchObject({ decision: 'forward', rule: '/assets/*' })
    expect(line).not.toHaveProperty('subject')
  })

  it('is one line, whatever the request says', async () => {
    const gate = open()
    await gate.ask('GET https://app.example.com/a\n{"decision":"forward"}')
    expect(gate.lines[0]?.includes('\n')).toBe(false)
  })

  it.each([
    ['all', 2],
    ['refused', 1],
    ['off', 0],
  ])('is left as LOG says: %s', async (log, count) => {
    const gate = open({ LOG: log })
    await gate.ask('GET https://app.example.com/', { cookie })
    await gate.ask('GET https://app.example.com/')
    expect(gate.lines).toHaveLength(count)
  })
})

describe('no token, cookie or secret is in a line, an answer or a page (I16)', () => {
  /** Whatever of them could be recognised: whole, and each part that is long enough. */
  const piecesOf = (secret: string): string[] => [secret, ...secret.split(/[.=\s;]/).filter((part) => part.length > 12)]

  it('over a run of good and bad ones', async () => {
    const good = await corp.token()
    const secrets = [
      good,
      await corp.token({ exp: now - 1 }),
      await corp.token({ aud: 'another' }),
      await corp.token({ iss: 'https://down.example.com' }),
      await corp.token({}, { header: { kid: 'unknown-kid-of-a-token' } }),
      `${good}.part-of-five.part-of-five`,
      'nonsense-that-is-still-a-secret',
      `x${good}`,
    ]
    const cookies = [session.cookie, `v1..${'B'.repeat(43)}`, `v2..${'C'.repeat(43)}`, 'not-of-our-form-but-secret']
    const gate = open()
    const seen: string[] = []
    for (const path of ['/', '/admin/x', '/assets/a', '/nowhere/%2e%2e/x', `/?access_token=${good}`]) {
      for (const accept of ['text/html', 'application/json']) {
        for (const secret of secrets) await note(path, { accept, authorization: `Bearer ${secret}` })
        for (const secret of secrets) await note(path, { accept, authorization: `Bearer ${secret}, Basic x` })
        for (const secret of secrets) await note(path, { accept, authorization: `bearer ${secret}` })
        for (const value of cookies) await note(path, { accept, cookie: `__Host-sallyport=${value}` })
        for (const value of cookies)
          await note(path, { accept, cookie: `__Host-sallyport=${value}; __Host-sallyport=${value}` })
      }
    }
    const text = [...gate.lines, ...seen].join('\n').replaceAll(encodeURIComponent(`/?access_token=${good}`), '')
    expect(gate.lines).toHaveLength(5 * 2 * (3 * secrets.length + 2 * cookies.length))
    for (const secret of [...secrets, ...cookies].flatMap(piecesOf)) expect(text).not.toContain(secret)
    for (const value of cookies) expect(text).not.toContain(createHash('sha256').update(value).digest('base64url'))

    async function note(path: string, headers: Record<string, string>): Promise<void> {
      const { answer } = await gate.ask(`GET https://app.example.com${path}`, headers)
      seen.push(JSON.stringify([answer.headers, answer.body]))
    }
  })

  it('when the store or an issuer fails and says more than it should', async () => {
    const token = await corp.token({ iss: 'https://down.example.com' })
    const gate = open(
      {},
      {
        store: { ...store, read: (key) => Promise.reject(new Error(`GET ${key} for ${cookie} failed`)) },
        fetch: () => Promise.reject(new TypeError(`Bearer ${token} was refused`)),
      },
    )
    const answers = [
      await gate.ask('GET https://app.example.com/', { cookie }),
      await gate.ask('GET https://app.example.com/', { authorization: `Bearer ${token}` }),
    ]
    expect(answers.map(({ answer }) => answer.status)).toEqual([503, 503])
    for (const { answer } of answers) expect(answer.headers).toContainEqual(['retry-after', '5'])
    for (const { answer } of answers) expect(answer.headers.map(([name]) => name)).not.toContain('set-cookie')
    for (const secret of [token, session.cookie, session.key.name]) expect(gate.lines.join()).not.toContain(secret)
  })

  it('when the gateway itself fails on it: the line has the fault, without what it quotes', async () => {
    const gate = open()
    const query = 'code=0123456789abcdef'
    let failures = 0
    const headers: HeaderBag = {
      get(name) {
        if (name === 'cookie' && failures++ === 0) throw new TypeError(`bad value ${cookie} at /x?${query}`)
        return name === 'cookie' ? cookie : null
      },
      [Symbol.iterator]: () => [][Symbol.iterator](),
    }
    const begun = await gate.gateway.begin(
      { ...head(`GET https://app.example.com/x?${query}`), headers },
      () => undefined,
    )
    expect(begun.kind === 'answer' && begun.answer.status).toBe(500)
    expect(gate.lines[0]).toContain('TypeError')
    for (const secret of [session.cookie, '0123456789abcdef']) expect(gate.lines[0]).not.toContain(secret)
  })

  it('when an upstream that can’t be reached is named with the query', async () => {
    const gate = open()
    const begun = await gate.gateway.begin(
      head('GET https://app.example.com/assets/a?signature=0123456789abcdef'),
      () => undefined,
    )
    if (begun.kind !== 'forward') throw new Error('it is public')
    begun.fail({ reason: 'upstream-unreachable', cause: `error sending request for url (${begun.plan.url})` })
    expect(gate.lines[0]).toContain('https://app.example.net/assets/a?[cut]')
  })

  it.each([
    ['/a#access_token=abcdefgh', '/a'],
    ['/a?b#c', '/a'],
    ['http://user:hunter2@app.example.com/a?b', '/a'],
    ['*', '*'],
  ])('not in the path either: %s is logged as %s', async (target, path) => {
    const gate = open()
    await gate.gateway.begin({ ...head('GET https://app.example.com/'), target }, () => undefined)
    expect(gate.entries[0]).toMatchObject({ path, reason: expect.any(String) })
  })
})
