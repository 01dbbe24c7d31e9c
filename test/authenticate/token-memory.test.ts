import { type JWTPayload, SignJWT } from 'jose'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBearerReader, type TrustedIssuer } from '../../src/authenticate/bearer.ts'
import { createKeyProvider } from '../../src/authenticate/jwks.ts'
import { nothingSpent } from '../../src/authenticate/spent.ts'
import { createTokenMemory, type TokenReader } from '../../src/authenticate/token-memory.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { head } from '../support/head.ts'
import { createTestIssuer, type TestIssuer, testAudience } from '../support/issuer.ts'

const start = 1_800_000_000
const secret = 'a-secret-of-at-least-thirty-two-bytes'
const adminSecret = 'the-secret-of-those-who-administer-it'
const ignore = (): void => undefined

let corp: TestIssuer
let other: TestIssuer
let now = start
let published: readonly object[]
const clock = () => now

beforeAll(async () => {
  corp = await createTestIssuer('https://corp.example.com', clock)
  other = await createTestIssuer('https://corp.example.com', clock)
})
const verifications = vi.spyOn(crypto.subtle, 'verify')
beforeEach(() => {
  now = start
  published = corp.jwks.keys
  verifications.mockClear()
})

const trusted = {
  issuer: 'https://corp.example.com',
  audience: testAudience,
  algorithms: ['RS256'],
  jwks: 'https://corp.example.com/jwks',
}
const issuers = {
  corp: trusted,
  young: { ...trusted, maxAgeSeconds: 30 },
  typed: { ...trusted, type: 'at+jwt' },
  elsewhere: { ...trusted, audience: 'elsewhere' },
  elliptic: { ...trusted, algorithms: ['ES256'] },
  own: {
    issuer: 'https://own.example.com',
    audience: testAudience,
    algorithms: ['HS256'],
    secret: { env: 'OWN_SECRET' },
  },
}

function open() {
  const rules = [
    { path: '/admin', access: { roles: ['admin'] } },
    { path: '/write', access: { scopes: ['write'] } },
    { path: '/claim', access: { claim: 'team', is: 'red' } },
    { path: '/*', access: 'signed-in' },
  ]
  const identity = { headers: { 'X-Remote-User': 'subject', 'X-Remote-Team': 'claims.team' } }
  const originOf = (name: string, bearer: string[]) => ({
    name,
    host: `${name}.example.com`,
    upstream: 'https://legacy.example.net',
    bearer,
    identity,
    rules,
  })
  const names = ['young', 'typed', 'elsewhere', 'elliptic'] as const
  const origins = [originOf('app', ['corp', 'own']), ...names.map((name) => originOf(name, [name]))]
  const gate = openTestGateway(
    { issuers, origins },
    { OWN_SECRET: secret, SESSION_STORE: 'memory', ADMIN_SECRET: adminSecret },
    {
      now: clock,
      store: createMemoryStore(clock),
      fetch: async () => Response.json({ keys: published }),
    },
  )
  const ask = async (token: string, path = '/', host = 'app'): Promise<string> => {
    const { forwarded, answer } = await gate.ask(`GET https://${host}.example.com${path}`, {
      authorization: `Bearer ${token}`,
    })
    const refusal = gate.entries.at(-1)?.refusal
    return forwarded ? '200' : `${answer.status} ${refusal && 'fault' in refusal ? refusal.fault : refusal?.reason}`
  }
  const admin = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${adminSecret}` }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await gate.gateway.endpoints.fetch(
      new Request(`https://app.example.com/.sallyport/admin${path}`, init),
    )
    expect(answer.status).toBe(204)
  }
  return { ...gate, ask, admin }
}

describe('a token that was verified', () => {
  it('is not verified again, for a minute', async () => {
    const { ask } = open()
    const token = await corp.token()
    expect([await ask(token), await ask(token), await ask(token)]).toEqual(['200', '200', '200'])
    now += 59.9
    expect([await ask(token), verifications.mock.calls.length]).toEqual(['200', 1])
    now += 0.1
    expect([await ask(token), verifications.mock.calls.length]).toEqual(['200', 2])
  })

  it('is verified again when the clock goes back', async () => {
    const { ask } = open()
    const token = await corp.token()
    await ask(token)
    now -= 1
    expect([await ask(token), verifications.mock.calls.length]).toEqual(['200', 2])
  })

  it.each<[string, JWTPayload, number, string]>([
    ['has expired meanwhile', { exp: start + 10 }, 10, '401 expired'],
    ['holds in its last second', { exp: start + 10 }, 9.9, '200'],
    ['isn’t valid yet by a clock that went back', { nbf: start, iat: undefined as never }, -6, '401 not yet valid'],
    ['is from the future by a clock that went back', { iat: start }, -6, '401 not yet valid'],
  ])('and %s', async (_, claims, seconds, expected) => {
    const { ask } = open()
    const token = await corp.token(claims)
    expect(await ask(token)).toBe('200')
    now += seconds
    expect(await ask(token)).toBe(expected)
  })

  it('is too old for an issuer that says how old, though it was young a moment ago', async () => {
    const { ask } = open()
    const token = await corp.token()
    expect(await ask(token, '/', 'young')).toBe('200')
    now += 30.5
    expect(await ask(token, '/', 'young')).toBe('401 too old')
    expect(await ask(token)).toBe('200')
  })

  it.each([
    ['a role', '/admin', '403 not-allowed'],
    ['a scope', '/write', '403 missing-scope'],
    ['a claim', '/claim', '403 not-allowed'],
  ])('is refused by a rule that asks for %s', async (_, path, expected) => {
    const { ask } = open()
    const token = await corp.token({ scope: 'read', team: 'blue' })
    expect([await ask(token), await ask(token, path), await ask(token)]).toEqual(['200', expected, '200'])
  })

  it.each([
    ['for another audience', 'elsewhere', '401 audience'],
    ['of a type', 'typed', '401 type'],
    ['of another algorithm', 'elliptic', '401 algorithm'],
  ])('is refused where the same issuer is believed %s', async (_, host, expected) => {
    const { ask } = open()
    const token = await corp.token()
    expect([await ask(token), await ask(token, '/', host)]).toEqual(['200', expected])
    expect([await ask(token), await ask(token, '/', host), await ask(token)]).toEqual(['200', expected, '200'])
  })

  it('is refused once its subject was signed out', async () => {
    const { ask, admin } = open()
    const token = await corp.token({ sub: 'ada' })
    expect(await ask(token)).toBe('200')
    await admin('/sessions/end', { issuer: corp.issuer, subject: 'ada' })
    expect(await ask(token)).toBe('401 revoked')
  })

  it('is refused once its jti was denied', async () => {
    const { ask, admin } = open()
    const token = await corp.token({ jti: 'one' })
    expect(await ask(token)).toBe('200')
    await admin('/tokens/deny', { issuer: corp.issuer, jti: 'one' })
    expect(await ask(token)).toBe('401 revoked')
  })

  it('is refused as soon as a refreshed key set lacks its key', async () => {
    const { ask } = open()
    await ask(await corp.token())
    now += 599
    const token = await corp.token()
    expect(await ask(token)).toBe('200')
    published = other.jwks.keys.map((key) => ({ ...key, kid: 'new' }))
    now += 1
    // this one begins the refresh behind its answer
    expect(await ask(token)).toBe('200')
    await expect.poll(() => ask(token)).toBe('401 key')
  })

  it('is refused as soon as another token made the gateway fetch keys without its own', async () => {
    const { ask } = open()
    const token = await corp.token()
    expect(await ask(token)).toBe('200')
    published = other.jwks.keys.map((key) => ({ ...key, kid: `new-${key.kid}` }))
    now += 31
    expect(await ask(await other.token({}, { header: { kid: 'new-kid-RS256' } }))).toBe('200')
    expect(await ask(token)).toBe('401 key')
  })

  it('is refused as soon as its key id is another key’s', async () => {
    const { ask } = open()
    await ask(await corp.token())
    now += 599
    const token = await corp.token()
    expect(await ask(token)).toBe('200')
    published = other.jwks.keys
    now += 1
    await ask(token)
    await expect.poll(() => ask(token)).toBe('401 signature')
  })

  it('says nothing for one that differs by a character', async () => {
    const { ask } = open()
    const token = await corp.token()
    expect(await ask(token)).toBe('200')
    for (let at = 0; at < token.length - 1; at += 7) {
      if (token[at] === '.') continue
      const forged = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
      expect(await ask(forged)).toMatch(/^401 /)
    }
    for (const forged of [`${token}A`, token.slice(0, -1), token.slice(1)]) expect(await ask(forged)).toMatch(/^401 /)
    verifications.mockClear()
    expect([await ask(token), verifications.mock.calls.length]).toEqual(['200', 0])
  })

  it('is the same principal for everyone, whom nobody can change', async () => {
    const { gateway, ask } = open()
    const token = await corp.token({ team: 'blue', deep: { list: ['a'] } })
    const asked = {
      ...head('GET https://app.example.com/'),
      headers: new Headers({ authorization: `Bearer ${token}` }),
    }
    for (let times = 0; times < 2; times++) {
      const decision = await gateway.decide(asked, ignore)
      if (decision.kind !== 'forward' || !decision.principal) throw new Error('they are known')
      const { principal } = decision
      const { claims, roles } = principal
      const deep = claims['deep'] as { list: string[] }
      for (const [whole, name] of [
        [principal, 'subject'],
        [claims, 'team'],
        [roles, 0],
        [deep, 'list'],
        [deep.list, 0],
      ] as const)
        expect(Reflect.set(whole, name, 'red')).toBe(false)
      expect(Reflect.deleteProperty(claims, 'exp')).toBe(false)
    }
    expect(await ask(token, '/claim')).toBe('403 not-allowed')
  })
})

describe('the memory of tokens', () => {
  const inline = (name: string, change: object = {}): TrustedIssuer => ({
    name,
    issuer: corp.issuer,
    audience: [testAudience],
    algorithms: ['RS256'],
    keys: { kind: 'inline', keys: corp.jwks.keys as Record<string, unknown>[] },
    roles: null,
    scopes: null,
    type: null,
    maxAgeSeconds: null,
    clockToleranceSeconds: 5,
    ...change,
  })

  function remember(bounds: { capacity?: number; capacityChars?: number } = {}): TokenReader {
    const fetch = () => Promise.reject(new TypeError('no network in this test'))
    const keys = createKeyProvider({ fetch, now: clock, timeoutMilliseconds: 2_000 })
    return createTokenMemory({ bearer: createBearerReader(keys, clock), keys, now: clock, ...bounds })
  }
  const read = (reader: TokenReader, token: string, ...among: TrustedIssuer[]) =>
    reader.read(token, among, ignore, nothingSpent())

  it('answers at once about what it knows', async () => {
    const reader = remember()
    const token = await corp.token()
    const trusted = inline('corp')
    expect(read(reader, token, trusted)).toBeInstanceOf(Promise)
    await read(reader, token, trusted)
    expect(read(reader, token, trusted)).toMatchObject({ ok: true, value: { subject: 'user-0' } })
  })

  it('lets those who come at once with one token share a verification', async () => {
    const reader = remember()
    const trusted = inline('corp')
    const token = await corp.token()
    const found = await Promise.all(Array.from({ length: 20 }, () => read(reader, token, trusted)))
    expect(found.every((result) => result.ok && result.value.subject === 'user-0')).toBe(true)
    expect(verifications).toHaveBeenCalledTimes(1)
    const bad = await other.token()
    const refused = await Promise.all(Array.from({ length: 20 }, () => read(reader, bad, trusted)))
    expect(refused.some((result) => result.ok)).toBe(false)
    expect(verifications).toHaveBeenCalledTimes(2)
  })

  it('lets nobody share one that was begun under other conditions', async () => {
    const reader = remember()
    const token = await corp.token()
    const found = await Promise.all([
      read(reader, token, inline('corp')),
      read(reader, token, inline('elsewhere', { audience: ['elsewhere'] })),
      read(reader, token, inline('corp', { type: 'at+jwt' })),
      read(reader, token),
    ])
    expect(found.map(({ ok }) => ok)).toEqual([true, false, false, false])
  })

  it('tells issuers apart by their conditions, and not by their names', async () => {
    const reader = remember()
    const token = await corp.token()
    expect((await read(reader, token, inline('corp'))).ok).toBe(true)
    expect((await read(reader, token, inline('corp', { audience: ['elsewhere'] }))).ok).toBe(false)
    // a configuration that would have been asked first counts, though it would refuse
    const trusted = inline('corp')
    await read(reader, token, trusted)
    expect((await read(reader, token, inline('corp', { type: 'at+jwt' }), trusted)).ok).toBe(false)
  })

  it('keeps so many tokens, and so many characters of them', async () => {
    const trusted = inline('corp')
    const tokens = await Promise.all(Array.from({ length: 4 }, (_, at) => corp.token({ sub: `user-${at}` })))
    const length = tokens[0]?.length ?? 0
    for (const bounds of [{ capacity: 3 }, { capacityChars: 3 * length }]) {
      const reader = remember(bounds)
      for (const token of tokens) await read(reader, token, trusted)
      const isKnown = tokens.map((token) => !(read(reader, token, trusted) instanceof Promise))
      expect(isKnown).toEqual([false, true, true, true])
    }
  })

  it('lets no bad token push out a good one, of 20,000', async () => {
    const reader = remember({ capacity: 2 })
    const corps = inline('corp')
    const own = inline('own', {
      issuer: 'https://own.example.com',
      algorithms: ['HS256'],
      keys: { kind: 'secret', secret: new TextEncoder().encode(secret) },
    })
    const sign = (claims: JWTPayload) =>
      new SignJWT({ iss: own.issuer, aud: testAudience, sub: 'eve', exp: start + 60, ...claims })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(secret))
    const good = [await corp.token(), await sign({})]
    for (const token of good) expect((await read(reader, token, corps, own)).ok).toBe(true)
    const expired = await sign({ exp: start - 1 })
    const [header, , signature] = good[1]?.split('.') ?? []
    for (let at = 0; at < 20_000; at++) {
      const payload = JSON.stringify({ iss: at % 20 === 0 ? own.issuer : 'https://eve.example.com', sub: `eve-${at}` })
      const forged = `${header}.${btoa(payload).replaceAll('=', '')}.${signature}`
      expect((await read(reader, at % 1_000 === 0 ? expired : forged, corps, own)).ok).toBe(false)
    }
    for (const token of good) expect(read(reader, token, corps, own)).toMatchObject({ ok: true })
  })

  it('waits for nobody’s verification for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const token = await corp.token()
      const trusted = inline('corp')
      const hung = remember()
      verifications.mockImplementationOnce(() => new Promise(() => undefined))
      void read(hung, token, trusted)
      let isOver = false
      const late = Promise.resolve(read(hung, token, trusted)).finally(() => {
        isOver = true
      })
      for (let turns = 0; turns < 1_000 && !isOver; turns++) {
        await vi.advanceTimersByTimeAsync(2_000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      vi.useRealTimers()
      expect((await late).ok).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })
})
