import { beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { createTestIssuer, type TestIssuer, testAudience } from '../support/issuer.ts'

const start = 1_800_000_000
const secret = 'the-secret-of-those-who-administer-it'
const at = 'https://app.example.com'
let corp: TestIssuer
let now = start
beforeAll(async () => {
  corp = await createTestIssuer('https://corp.example.com', () => Math.floor(now))
})

function open() {
  now = start
  let reads = 0
  let isDown = false
  const memory = createMemoryStore(() => now)
  const store = {
    ...memory,
    read: (keys: Parameters<typeof memory.read>[0]) => {
      reads++
      return isDown ? Promise.reject(new Error('down')) : memory.read(keys)
    },
  }
  const issuer = { issuer: corp.issuer, audience: testAudience, algorithms: ['RS256'], jwks: corp.jwks }
  const rules = [
    { path: '/strict', access: 'signed-in', freshness: 0 },
    { path: '/stale', access: 'signed-in', freshness: 0, staleIfError: 60 },
    { path: '/*', access: 'signed-in' },
  ]
  const origins = [{ name: 'app', host: 'app.example.com', upstream: 'http://127.0.0.1:1', bearer: ['corp'], rules }]
  const kept = openTestGateway(
    { issuers: { corp: issuer }, origins },
    { SESSION_STORE: 'memory', ADMIN_SECRET: secret },
    { store, now: () => now },
  )
  const admin = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${secret}` }
    const request = new Request(`${at}/.sallyport/admin${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    expect((await kept.gateway.endpoints.fetch(request)).status).toBe(204)
  }
  const status = async (token: string, path = '/strict') =>
    (await kept.ask(`GET ${at}${path}`, { authorization: `Bearer ${token}` })).answer.status
  const fail = (): void => {
    isDown = true
  }
  return { ...kept, admin, status, fail, reads: () => reads, store: memory }
}

describe('a Bearer token of a third party', () => {
  it('is over when all of its subject was ended after it was made', async () => {
    const { admin, status } = open()
    const [before, other] = [await corp.token({ sub: 'ada' }), await corp.token({ sub: 'bob' })]
    now += 10
    await admin('/sessions/end', { issuer: corp.issuer, subject: 'ada' })
    expect([await status(before), await status(other)]).toEqual([401, 200])
    // within the tolerance of the issuer's clock it may have been made before
    now += 5
    expect(await status(await corp.token({ sub: 'ada' }))).toBe(401)
    now += 1
    expect(await status(await corp.token({ sub: 'ada' }))).toBe(200)
    expect(await status(await corp.token({ sub: 'ada', iat: undefined as never }))).toBe(401)
  })

  it('is over when all of its issuer was ended', async () => {
    const { admin, status } = open()
    const token = await corp.token({ sub: 'ada' })
    now += 1
    await admin('/sessions/end', { issuer: 'https://another.example', everyone: true })
    expect(await status(token)).toBe(200)
    await admin('/sessions/end', { issuer: corp.issuer, everyone: true })
    expect(await status(token)).toBe(401)
  })

  it('is denied by its jti, and no other is', async () => {
    const { admin, status, lines } = open()
    const [a, b] = [await corp.token({ jti: 'a' }), await corp.token({ jti: 'b' })]
    await admin('/tokens/deny', { issuer: corp.issuer, jti: 'a', expiresAt: now + 300 })
    await admin('/tokens/deny', { issuer: 'https://another.example', jti: 'b' })
    expect([await status(a), await status(b), await status(await corp.token())]).toEqual([401, 200, 200])
    expect(lines.join()).toContain('"fault":"revoked"')
    for (const part of a.split('.')) expect(lines.join()).not.toContain(part)
  })

  it('is denied by a jti that its issuer wrote as a number', async () => {
    const { admin, status } = open()
    const token = await corp.token(JSON.parse('{"jti":7}'))
    expect(await status(token)).toBe(200)
    await admin('/tokens/deny', { issuer: corp.issuer, jti: '7' })
    expect(await status(token)).toBe(401)
  })

  it('costs one look-up per freshness, and is over at the end of it', async () => {
    const { admin, status, reads, store } = open()
    const token = await corp.token({ sub: 'ada', jti: 'x' })
    expect([await status(token, '/'), await status(token, '/'), reads()]).toEqual([200, 200, 1])
    const elsewhere = await import('../../src/session/ending.ts')
    const { testBook } = await import('../support/sessions.ts')
    await elsewhere.endSubject({ store, book: testBook, now: () => now + 1 }, corp.issuer, 'ada')
    now += 4.9
    expect(await status(token, '/')).toBe(200)
    now += 0.1
    expect([await status(token, '/'), reads()]).toEqual([401, 2])
    await admin('/tokens/deny', { issuer: corp.issuer, jti: 'y' })
  })

  it('is let in by nobody while the store is down, unless the rule believes what it knew', async () => {
    const { status, fail } = open()
    const token = await corp.token()
    expect(await status(token, '/stale')).toBe(200)
    fail()
    expect([await status(token), await status(await corp.token({ jti: 'new' }), '/stale')]).toEqual([503, 503])
    now += 59
    expect(await status(token, '/stale')).toBe(200)
    now += 1
    expect(await status(token, '/stale')).toBe(503)
  })
})
