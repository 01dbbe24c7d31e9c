import { describe, expect, it } from 'vitest'
import { createEndpoints } from '../../src/endpoints/endpoints.ts'
import type { LogEntry } from '../../src/log-entry.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { adminSecret, at, openKept } from '../support/kept.ts'
import { openSignInGateway } from '../support/sign-in-gateway.ts'

const unknown = { cookie: `__Host-sallyport=v1..${'A'.repeat(43)}` }
const admin = { authorization: `Bearer ${adminSecret}` }

/** What is asked, what becomes of it, and what the log says of why. */
const rows: readonly (readonly [request: string, headers: Record<string, string>, status: number, reason: string])[] = [
  ['GET /.sallyport/session', {}, 401, 'no-credential'],
  ['GET /.sallyport/session?token=hunter2', unknown, 401, 'bad-session'],
  [
    'OPTIONS /.sallyport/session',
    { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    403,
    'cross-origin',
  ],
  ['POST /.sallyport/session/rotate', {}, 401, 'no-credential'],
  ['POST /.sallyport/sign-out', { ...unknown, 'sec-fetch-site': 'cross-site' }, 403, 'forged'],
  ['GET /.sallyport/admin/sessions?subject=ada', {}, 401, 'not-admin'],
  ['GET /.sallyport/admin/sessions', admin, 400, 'malformed'],
  ['POST /.sallyport/admin/sessions/end', admin, 400, 'malformed'],
  ['GET /.sallyport/nothing', {}, 404, 'no-rule'],
  ['PUT /.sallyport/sign-out', {}, 404, 'no-rule'],
]

async function ask(environment: Record<string, string>, request: string, headers: Record<string, string>) {
  const kept = openKept(environment)
  const [method = '', path = ''] = request.split(' ')
  const response = await kept.call(method, path, headers)
  return { response, entries: kept.entries }
}

describe('a request to an endpoint of our own that is refused', () => {
  it.each(rows)('leaves a line, and carries the id that is in it: %s', async (request, headers, status, reason) => {
    const { response, entries } = await ask({}, request, headers)
    const [method, path = ''] = request.split(' ')
    expect(response.status).toBe(status)
    expect(response.headers.get('x-sallyport')).toBe('refused')
    const requestId = response.headers.get('x-request-id')
    expect(requestId).toMatch(/^[\da-f-]{36}$/)
    expect(((await response.json()) as { requestId: string }).requestId).toBe(requestId)
    expect(entries).toEqual([
      expect.objectContaining({
        requestId,
        origin: 'app',
        rule: null,
        method,
        path: path.split('?')[0],
        decision: 'endpoint',
        reason,
        status,
        storeMilliseconds: expect.any(Number),
      } satisfies Partial<Record<keyof LogEntry, unknown>>),
    ])
  })

  it('by the store leaves one too, without what the store said', async () => {
    const store = createMemoryStore(() => 1_800_000_000)
    const down = () => Promise.reject(new TypeError('no connection: GET session:secret'))
    const kept = openKept({}, { ...store, read: down, list: down })
    await kept.call('GET', '/.sallyport/session', unknown)
    await kept.admin('GET', '/sessions?subject=ada')
    expect(kept.entries.map(({ refusal }) => refusal)).toEqual([
      { reason: 'store-unavailable', cause: 'TypeError' },
      { reason: 'store-unavailable', cause: 'TypeError' },
    ])
    expect(kept.lines.join()).not.toContain('session:secret')
  })

  it('by a fault of ours leaves one too, and tells nobody else', async () => {
    const entries: LogEntry[] = []
    const table = { originOf: () => null }
    const app = createEndpoints({
      line: { table, now: () => 0, log: (entry) => void entries.push(entry) },
      signer: {
        get publicKeys(): never {
          throw new TypeError('the key is hunter2')
        },
        sign: () => Promise.reject(new Error('not asked for')),
      },
      resources: { table, publicScheme: null },
      ...{ csrf: null, check: null, signIn: null, visitor: null, admin: null, reports: null },
    })
    const response = await app.request(`${at}/.well-known/sallyport/jwks.json`)
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('hunter2')
    expect(JSON.parse(text)).toMatchObject({ requestId: response.headers.get('x-request-id') })
    expect(entries).toMatchObject([
      { requestId: response.headers.get('x-request-id'), reason: 'fault', status: 500, decision: 'endpoint' },
    ])
    expect(JSON.stringify(entries[0]?.refusal)).toContain('TypeError')
  })

  it('on the way in from a provider carries the id of its audit line', async () => {
    const gateway = await openSignInGateway()
    const response = await gateway.visitor.go('https://app.example.com/.sallyport/callback/corp?code=x&state=y')
    const requestId = response.headers.get('x-request-id')
    expect(await response.text()).toContain(requestId)
    expect(gateway.entries).toMatchObject([{ requestId, reason: 'no-transaction', status: response.status }])
    expect(gateway.audit).toMatchObject([{ requestId, outcome: 'failed' }])
  })
})

describe('a request to an endpoint of our own that is served', () => {
  it('leaves a line and carries its id, with LOG=all alone', async () => {
    for (const [log, count] of [
      ['all', 1],
      ['refused', 0],
      ['off', 0],
    ] as const) {
      const { response, entries } = await ask({ LOG: log }, 'GET /.sallyport/health', {})
      expect([response.status, entries.length]).toEqual([200, count])
      expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
    }
    const { entries } = await ask({ LOG: 'refused' }, 'GET /.sallyport/session', {})
    expect(entries).toHaveLength(1)
    expect((await ask({ LOG: 'off' }, 'GET /.sallyport/session', {})).entries).toEqual([])
  })

  it('names who it was, as LOG_SUBJECT says', async () => {
    const subjectsOf = async (environment: Record<string, string>) => {
      const kept = openKept(environment)
      const made = (await (await kept.admin('POST', '/sessions', { subject: 'ada' })).json()) as { cookie: string }
      expect((await kept.call('GET', '/.sallyport/session', { cookie: made.cookie })).status).toBe(200)
      const entries = () => kept.entries.filter(({ path }) => path === '/.sallyport/session')
      await expect.poll(entries).toHaveLength(1)
      return entries().map(({ subject }) => subject)
    }
    expect(await subjectsOf({})).toEqual(['ada'])
    expect(await subjectsOf({ LOG_SUBJECT: 'pseudonym', PLACE_KEY: 'k'.repeat(32) })).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
    ])
  })

  it('is asked about by a proxy: one line, in the words of what is asked about', async () => {
    const secret = 'what-the-proxy-shows-32-characters'
    const headers = {
      'x-sallyport-secret': secret,
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-uri': '/private?q=hunter2',
    }
    const { response, entries } = await ask({ CHECK_SECRET: secret }, 'GET /.sallyport/check', headers)
    expect(entries).toMatchObject([{ requestId: response.headers.get('x-request-id'), path: '/private', status: 401 }])
    expect((await ask({ CHECK_SECRET: secret }, 'GET /.sallyport/check', {})).entries).toMatchObject([
      { path: '/.sallyport/check', status: 404 },
    ])
  })
})

it('says nothing of a query, on any host', async () => {
  const { lines, gateway } = openKept()
  await gateway.endpoints.fetch(new Request(`${at.replace('app', 'elsewhere')}/.sallyport/x?token=hunter2`))
  expect(lines).toHaveLength(1)
  expect(lines.join()).not.toContain('hunter2')
})
