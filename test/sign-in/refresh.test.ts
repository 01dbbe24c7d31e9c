import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SessionStore } from '../../src/session/store.ts'
import {
  createDurableObjectStore,
  createSessionRows,
  type SessionStub,
} from '../../src/session/stores/durable-object.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createUpstashStore, openUpstash } from '../../src/session/stores/upstash.ts'
import type { TestGateway } from '../support/gateway.ts'
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { openRealSignIn, type RealSignIn } from '../support/real-sign-in.ts'
import { type Bridge, hasRedis, type RedisProcess, startBridge, startRedis } from '../support/redis.ts'
import { testBook as book } from '../support/sessions.ts'
import { openSignInGateway, self } from '../support/sign-in-gateway.ts'

const lifetime = 3_600
/** Gives refresh tokens, each good for one use: whoever shows an old one loses all of them. */
const configuration = {
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: {
    AccessToken: lifetime,
    RefreshToken: 86_400,
    IdToken: 864_000,
    Session: 86_400,
    Grant: 86_400,
    Interaction: 600,
  },
}

let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

const open = (asked: Parameters<typeof openRealSignIn>[1] = {}): Promise<RealSignIn> =>
  openRealSignIn(provider, { configuration, ...asked })

const ask = (gateway: TestGateway, cookie: string, path = '/api/x', headers = {}) =>
  gateway.ask(`GET ${self}${path}`, { cookie, ...headers })

/** What the upstream gets, or the gateway's own status. */
const bearer = async (gateway: TestGateway, cookie: string): Promise<string | number> => {
  const { forwarded, sent, answer } = await ask(gateway, cookie)
  return forwarded ? (sent.get('authorization') ?? 'nothing') : answer.status
}

const refreshes = (): number => provider.forms.filter(({ grant_type: kind }) => kind === 'refresh_token').length

const whose = async (authorization: string | number): Promise<unknown> => {
  const answer = await fetch(`${provider.issuer}/me`, { headers: { authorization: String(authorization) } })
  return answer.ok ? ((await answer.json()) as { sub: string }).sub : answer.status
}

describe('a rule that passes the access token on', () => {
  it('gives the upstream the one that the provider gave, in the place of what the client sent', async () => {
    const { gateway, signIn } = await open({ origin: { pass: { authorization: true } } })
    const cookie = await signIn()
    const { sent } = await ask(gateway, cookie, '/api/x', { authorization: 'Basic Y2xpZW50OnNlbnQ=' })
    expect(sent.get('authorization')).toMatch(/^Bearer [\w-]{40,}$/)
    expect(await whose(sent.get('authorization') ?? '')).toBe('alice')
    const other = await ask(gateway, cookie, '/page', { authorization: 'Basic Y2xpZW50OnNlbnQ=' })
    expect(other.sent.get('authorization')).toBe('Basic Y2xpZW50OnNlbnQ=')
    expect((await ask(gateway, cookie, '/page')).sent.has('authorization')).toBe(false)
  })

  it('gives it to no other origin, whatever the record of the session says', async () => {
    const other = {
      name: 'other',
      host: 'other.example.com',
      upstream: 'https://other.example.net',
      session: true,
      providers: ['corp'],
      freshness: 0,
      rules: [{ path: '/*', access: 'signed-in', accessToken: true }],
    }
    const { gateway, signIn, store } = await open({ others: [other] })
    const cookie = await signIn()
    const there = async () => gateway.ask('GET https://other.example.com/', { cookie })
    expect((await there()).answer.status).toBe(401)
    await rewrite(store, cookie, (record) => ({ ...record, origins: ['app', 'other'] }))
    expect((await there()).answer.status).toBe(401)
    expect(gateway.entries.at(-1)?.refusal).toEqual({ reason: 'bad-session', fault: 'without token' })
    expect(await bearer(gateway, cookie)).toMatch(/^Bearer /)
  })

  it('gives it to the origins that share the session, and to no third', async () => {
    const origin = (name: string, site: string) => ({
      name,
      host: `${name}.example.com`,
      upstream: `https://${name}.example.net`,
      session: { site },
      providers: ['corp'],
      freshness: 0,
      rules: [{ path: '/*', access: 'signed-in', accessToken: true }],
    })
    const real = await open({
      origin: { session: { site: 'example.com' }, rules: [{ path: '/*', access: 'signed-in' }] },
      others: [origin('wiki', 'example.com'), { ...origin('vault', 'example.com'), session: true }],
    })
    const visitor = real.browser()
    await real.signIn('alice', visitor).catch(() => undefined)
    const value = visitor.cookies(self).get('__Secure-sallyport') ?? ''
    const at = async (host: string) => {
      const cookie = `__Secure-sallyport=${value}; __Host-sallyport=${value}`
      const { answer, sent } = await real.gateway.ask(`GET https://${host}.example.com/`, { cookie })
      return sent.get('authorization') ?? answer.status
    }
    expect(await at('app')).toBe(200)
    expect(await whose(await at('wiki'))).toBe('alice')
    expect(await at('vault')).toBe(401)
  })

  it('lets nobody read the tokens who has all of the store, or carry them to another session', async () => {
    const { gateway, signIn, store } = await open()
    const all: string[] = []
    for (const method of ['write', 'swap'] as const) {
      const original = store[method] as (...facts: unknown[]) => Promise<never>
      Object.assign(store, {
        [method]: (...facts: unknown[]) => {
          all.push(JSON.stringify(facts))
          return original(...facts)
        },
      })
    }
    const [mine, theirs] = [await signIn('alice'), await signIn('mallory')]
    const token = String(await bearer(gateway, mine)).slice(7)
    expect(token.length).toBeGreaterThan(20)
    expect(all.join('')).toContain('tokens:')
    expect(all.join('')).not.toContain(token)
    const recordOf = async (cookie: string) => JSON.parse((await readSession(store, cookie)).text)
    const { sealed } = await recordOf(mine)
    await rewrite(store, theirs, (record) => ({ ...record, sealed }))
    expect(await bearer(gateway, theirs)).toBe(401)
  })

  it('keeps none where no rule asks for one', async () => {
    const { gateway, signIn, store } = await open({ origin: { rules: [{ path: '/*', access: 'signed-in' }] } })
    const written: string[] = []
    const { swap } = store
    Object.assign(store, {
      swap: (...facts: Parameters<typeof swap>) => {
        written.push(facts[0].name)
        return swap(...facts)
      },
    })
    const cookie = await signIn()
    expect((await ask(gateway, cookie)).forwarded).toBe(true)
    expect(provider.forms.at(-1)?.['grant_type']).toBe('authorization_code')
    // the ID token alone, for signing out at the provider
    expect(written.filter((name) => name.startsWith('tokens:'))).toHaveLength(1)
  })
})

describe('an access token that is nearly over', () => {
  it('is refreshed before its end, each time with the newest refresh token', async () => {
    const { gateway, signIn, pass } = await open()
    const cookie = await signIn()
    const seen = new Set([await bearer(gateway, cookie)])
    for (let round = 0; round < 3; round++) {
      const before = refreshes()
      pass(lifetime - 100)
      expect(seen).toContain(await bearer(gateway, cookie))
      expect(refreshes()).toBe(before)
      pass(50)
      const next = await bearer(gateway, cookie)
      expect(seen).not.toContain(next)
      expect(await whose(next)).toBe('alice')
      expect(refreshes()).toBe(before + 1)
      seen.add(next)
    }
  })

  it('is asked for by both values of a cookie that was given another', async () => {
    const { gateway, signIn, pass, open: another } = await open()
    const cookie = await signIn()
    const rotated = await gateway.gateway.endpoints.fetch(
      new Request(`${self}/.sallyport/session/rotate`, {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
      }),
    )
    const next = rotated.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(next).not.toBe(cookie)
    const first = await bearer(gateway, cookie)
    expect([await bearer(gateway, next), first]).toEqual([first, expect.stringMatching(/^Bearer /)])
    const before = refreshes()
    pass(lifetime - 30)
    const fresh = await bearer(gateway, next)
    expect([await bearer(another(), next), refreshes() - before]).toEqual([fresh, 1])
  })

  const sqlite = (now: () => number): SessionStore => {
    const objects = new Map<string, SessionStub>()
    return createDurableObjectStore({
      getByName(name) {
        const known = objects.get(name)
        if (known) return known
        const database = new DatabaseSync(':memory:')
        const rows = createSessionRows(
          {
            exec(query, ...values) {
              const found = database.prepare(query).all(...values)
              return { toArray: () => found as never[] }
            },
          },
          now,
        )
        const stub = Object.fromEntries(
          Object.entries(rows).map(([method, call]) => [
            method,
            async (...values: never[]) => (call as (...values: never[]) => unknown)(...values),
          ]),
        ) as SessionStub
        objects.set(name, stub)
        return stub
      },
    })
  }
  let redis: RedisProcess | undefined
  let bridge: Bridge | undefined
  afterAll(async () => {
    await bridge?.close()
    await redis?.stop()
  })
  const upstash = async () => {
    redis ??= await startRedis()
    bridge ??= await startBridge(redis.port)
    const { url, token } = bridge
    return () => createUpstashStore(openUpstash({ url, token, timeoutMilliseconds: 20_000 }))
  }

  const stores: readonly [string, () => Promise<(now: () => number) => SessionStore>, boolean][] = [
    ['memory', async () => createMemoryStore, false],
    ['Durable Objects', async () => sqlite, false],
    ['Redis', upstash, !hasRedis()],
  ]
  for (const [name, opening, skips] of stores) {
    it.skipIf(skips)(`is refreshed once by 50 requests at a time over two instances (${name})`, async () => {
      // a machine that does other things too takes its time
      const environment = { STORE_TIMEOUT_MS: '20000', PROVIDER_TIMEOUT_MS: '20000' }
      const real = await open({ store: await opening(), environment })
      const slow: Parameters<RealSignIn['open']>[0] = {
        fetch: async (url, init) => {
          await new Promise((resolve) => setTimeout(resolve, 100))
          return fetch(url, init)
        },
      }
      const instances = [real.open(slow), real.open(slow)]
      const cookie = await real.signIn()
      const old = await bearer(real.gateway, cookie)
      for (const isOver of [false, true]) {
        const before = refreshes()
        real.pass(isOver ? lifetime + 10 : lifetime - 30)
        const got = await Promise.all(
          Array.from({ length: 50 }, (_, at) => bearer(instances[at % 2] ?? real.gateway, cookie)),
        )
        expect(refreshes() - before).toBe(1)
        const tokens = new Set(got)
        // while the old one is good, whoever doesn't refresh goes on with it
        if (!isOver) tokens.delete(old)
        expect([...tokens]).toEqual([expect.stringMatching(/^Bearer /)])
        const [fresh = ''] = tokens
        expect(await whose(fresh)).toBe('alice')
        // and who comes later finds it, on an instance that took no part
        expect([await bearer(real.open(), cookie), refreshes() - before]).toEqual([fresh, 1])
      }
      expect(real.audit.filter(({ outcome }) => outcome !== 'signed-in')).toEqual([])
    })
  }

  it('ends the session where the provider refuses for good, everywhere', async () => {
    const { gateway, signIn, pass, open: another, audit, lines, store } = await open()
    const cookie = await signIn()
    const kept = await bearer(gateway, cookie)
    await provider.admit(self, configuration)
    // good until its end: nobody asked yet
    expect(await bearer(gateway, cookie)).toBe(kept)
    pass(lifetime - 30)
    expect(await bearer(gateway, cookie)).toBe(401)
    expect((await ask(another(), cookie, '/page')).answer.status).toBe(401)
    expect(audit.at(-1)).toMatchObject({ outcome: 'not-refreshed', reason: 'code-refused', subject: 'alice' })
    expect(lines().join('\n')).toContain('the provider refused to refresh')
    const { key } = await readSession(store, cookie).catch(() => ({ key: null }))
    expect(key).toBeNull()
  })

  it('is kept, and the session too, while the provider can not be asked', async () => {
    let isDown = false
    const real = await open()
    const gateway = real.open({
      fetch: async (url, init) => (isDown ? new Response('', { status: 503 }) : fetch(url, init)),
    })
    const cookie = await real.signIn()
    const old = await bearer(gateway, cookie)
    isDown = true
    real.pass(lifetime - 30)
    expect(await bearer(gateway, cookie)).toBe(old)
    expect(real.audit.at(-1)).toMatchObject({ outcome: 'not-refreshed', reason: 'provider-unavailable' })
    real.pass(31)
    const { answer } = await ask(gateway, cookie)
    expect([answer.status, answer.headers.find(([name]) => name === 'retry-after')?.[1]]).toEqual([503, '5'])
    expect((await ask(gateway, cookie, '/page')).forwarded).toBe(true)
    isDown = false
    real.pass(6)
    expect(await whose(await bearer(gateway, cookie))).toBe('alice')
  })

  it('is refreshed by another instance when the one that began it is gone', async () => {
    const real = await open()
    const cookie = await real.signIn()
    let isGone = false
    const { swap } = real.store
    const dying = real.open({
      store: { ...real.store, swap: (...facts) => (isGone ? new Promise(() => undefined) : swap(...facts)) },
      fetch: (url, init) => {
        isGone = String(init.body).includes('refresh_token')
        return isGone ? new Promise(() => undefined) : fetch(url, init)
      },
    })
    real.pass(lifetime + 10)
    void ask(dying, cookie).catch(() => undefined)
    await vi.waitFor(() => expect(isGone).toBe(true), 10_000)
    const before = refreshes()
    // it holds the lease: nobody else asks
    expect(await bearer(real.open(), cookie)).toBe(503)
    expect(refreshes()).toBe(before)
    real.pass(20)
    expect(await whose(await bearer(real.open(), cookie))).toBe('alice')
  })

  it('is asked for at the provider that gave the last one, and at no other of its name', async () => {
    const real = await open()
    const cookie = await real.signIn()
    const moved = await openSignInGateway({
      store: real.store,
      origin: { freshness: 0, rules: [{ path: '/*', access: 'signed-in', accessToken: true }] },
    })
    real.pass(lifetime - 30)
    moved.pass(lifetime - 30)
    expect(await bearer(moved, cookie)).toMatch(/^Bearer /)
    expect(moved.provider.asked).toEqual([])
  })

  it('is not given for a session that ends while it is fetched, and goes back to the provider', async () => {
    const real = await open()
    const cookie = await real.signIn()
    let given = ''
    const gateway = real.open({
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (!String(init.body).includes('grant_type=refresh_token')) return answer
        given = ((await answer.clone().json()) as { access_token: string }).access_token
        await removeTokens(real.store, cookie)
        return answer
      },
    })
    real.pass(lifetime - 30)
    expect(await bearer(gateway, cookie)).toBe(401)
    expect(await whose(`Bearer ${given}`)).toBe(401)
  })

  it('is used until its end and never refreshed where the store has no lock (KV)', async () => {
    const promises = { consistency: 'eventual', atomic: false, stalenessSeconds: 60 } as const
    const real = await open({ store: (now) => ({ ...createMemoryStore(now), promises }), origin: { freshness: 5 } })
    const cookie = await real.signIn()
    const before = refreshes()
    const token = await bearer(real.gateway, cookie)
    real.pass(lifetime - 30)
    expect(await bearer(real.gateway, cookie)).toBe(token)
    real.pass(31)
    expect([await bearer(real.gateway, cookie), refreshes()]).toEqual([401, before])
    const seeking = await ask(real.gateway, cookie, '/api/x', { accept: 'text/html' })
    expect(seeking.answer.status).toBe(303)
  })
})

async function readSession(store: SessionStore, cookie: string) {
  const key = await book.session(cookie.split('=')[1] ?? '')
  const [text] = await store.read([key])
  if (text === null || text === undefined) throw new Error('no such session')
  return { key, text }
}

async function rewrite(store: SessionStore, cookie: string, change: (record: object) => object): Promise<void> {
  const { key, text } = await readSession(store, cookie)
  await store.write(key, JSON.stringify(change(JSON.parse(text))), 600)
}

async function removeTokens(store: SessionStore, cookie: string): Promise<void> {
  const { key, text } = await readSession(store, cookie)
  await store.delete({ place: key.place, name: `tokens:${JSON.parse(text).id}` })
}
