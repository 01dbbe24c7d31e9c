import { describe, expect, it } from 'vitest'
import { lint } from '../../src/route/lint.ts'
import { describeProblem } from '../../src/route/problem.ts'
import type { OriginConfig } from '../../src/route/schema.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { head } from '../support/head.ts'
import { adminSecret, proven, vouchSecret } from '../support/kept.ts'
import { compiled, originOf, problemsIn } from '../support/routes.ts'
import { openSignInGateway } from '../support/sign-in-gateway.ts'

const [shop, office, alone] = ['shop', 'office', 'alone'].map((name) => `https://${name}.example.com`)

/** Two origins that share their sessions, and one under the same domain that doesn't. */
function open(pass: OriginConfig['pass'] = {}) {
  const origin = (name: string, session: OriginConfig['session']): OriginConfig => ({
    name,
    host: `${name}.example.com`,
    upstream: 'http://127.0.0.1:1',
    session,
    pass,
    rules: [
      { path: '/login', access: 'public', signIn: 'vouched' },
      { path: '/form', access: 'signed-in', csrf: { token: true } },
      { path: '/*', access: 'signed-in' },
    ],
  })
  const shared = { site: 'example.com' }
  const routes = { origins: [origin('shop', shared), origin('office', shared), origin('alone', true)] }
  const settings = {
    SESSION_STORE: 'memory',
    VOUCH_SECRET: vouchSecret,
    ADMIN_SECRET: adminSecret,
    CSRF_KEY: Buffer.alloc(32, 7).toString('base64url'),
  }
  const opened = openTestGateway(routes, settings, { store: createMemoryStore(() => Date.now() / 1000) })
  const call = async (method: string, url: string, headers: Record<string, string> = {}, body?: string) =>
    opened.gateway.endpoints.fetch(new Request(url, { method, headers, ...(body && { body }) }))
  return {
    ...opened,
    call,
    status: async (url: string, cookie: string) => (await opened.ask(`GET ${url}/`, { cookie })).answer.status,
    /** The `Set-Cookie` that an origin's vouching gets. */
    async vouch(at: string, headers: readonly (readonly [string, string])[], cookie = ''): Promise<string> {
      const asked = { ...head(`POST ${at}/login`), headers: new Headers(cookie ? { cookie } : {}) }
      const begun = await opened.gateway.begin(asked, () => undefined)
      if (begun.kind !== 'forward' || !begun.vouch) throw new Error('nobody may vouch here')
      const { answer } = await begun.vouch({ status: 303, headers })
      return answer.headers.find(([name]) => name === 'set-cookie')?.[1] ?? ''
    },
    async make(at: string): Promise<string> {
      const made = await call(
        'POST',
        `${at}/.sallyport/admin/sessions`,
        { authorization: `Bearer ${adminSecret}` },
        JSON.stringify({ subject: 'ada' }),
      )
      return ((await made.json()) as { cookie: string }).cookie
    },
  }
}

const cookieIn = (setCookie: string): string => setCookie.split(';', 1)[0] ?? ''
const secretOf = (cookie: string): string => cookie.slice(cookie.indexOf('=') + 1)
const ada = proven({ subject: 'ada', roles: ['staff'] })

describe('a session that the hosts of a site share', () => {
  it('begins at one of them, and is good at each, and nowhere else', async () => {
    const { vouch, status } = open()
    const set = await vouch(shop ?? '', ada)
    expect(set).toMatch(/^__Secure-sallyport=v1\.[\w-]{44}\.[\w-]{43}; Domain=example\.com; Path=\/; Secure; HttpOnly/)
    const cookie = cookieIn(set)
    expect([await status(shop ?? '', cookie), await status(office ?? '', cookie)]).toEqual([200, 200])
    // a browser sends it there too: it isn't read, under its own name or the other
    expect(await status(alone ?? '', cookie)).toBe(401)
    expect(await status(alone ?? '', `__Host-sallyport=${secretOf(cookie)}`)).toBe(401)
  })

  it('is none that a host keeps to itself', async () => {
    const { vouch, status } = open()
    const own = cookieIn(await vouch(alone ?? '', ada))
    expect(own).toMatch(/^__Host-sallyport=/)
    expect(await status(alone ?? '', own)).toBe(200)
    expect(await status(shop ?? '', own)).toBe(401)
    expect(await status(shop ?? '', `__Secure-sallyport=${secretOf(own)}`)).toBe(401)
  })

  it('is the one cookie that is read there: a good one of the host never stands in for it', async () => {
    const { make, status } = open()
    const [shared, own] = [await make(shop ?? ''), await make(alone ?? '')]
    expect([shared, own]).toEqual([
      expect.stringMatching(/^__Secure-sallyport=/),
      expect.stringMatching(/^__Host-sallyport=/),
    ])
    expect(await status(shop ?? '', `${own}; ${shared}`)).toBe(200)
    expect(await status(shop ?? '', own)).toBe(401)
    expect(await status(shop ?? '', `__Secure-sallyport=x; ${own}`)).toBe(401)
    expect(await status(shop ?? '', `${shared}; ${shared}; ${own}`)).toBe(400)
    expect(await status(alone ?? '', `${shared}; ${own}`)).toBe(200)
    expect(await status(alone ?? '', `${shared}; ${shared}; ${own}`)).toBe(200)
  })

  it.each([shop ?? '', alone ?? ''])('is nothing that an upstream sees, sets or deletes: %s', async (at) => {
    const { make, ask } = open()
    const [shared, own] = [await make(shop ?? ''), await make(alone ?? '')]
    const { sent, answer } = await ask(`GET ${at}/`, { cookie: `a=b; ${shared}; ${own}` }, [
      ['set-cookie', '__Secure-sallyport=planted; Domain=example.com; Secure; Path=/'],
      ['set-cookie', '__secure-sallyport=; Domain=example.com; Secure; Max-Age=0'],
      ['set-cookie', '=__Secure-sallyport=planted; Secure'],
      ['set-cookie', 'c=d'],
    ])
    expect(sent.get('cookie')).toBe('a=b')
    expect(answer.headers.filter(([name]) => name === 'set-cookie')).toEqual([['set-cookie', 'c=d']])
  })

  it('never passes to an upstream that has the cookie of its own host passed on, nor the other way round', async () => {
    const pass = { sessionCookie: true }
    for (const [at, session] of [
      [shop, { site: 'example.com' }],
      [alone, true],
    ] as const) {
      const { make, ask } = open(pass)
      const cookies = [await make(shop ?? ''), await make(alone ?? '')]
      const { sent } = await ask(`GET ${at}/`, { cookie: cookies.join('; ') })
      expect(sent.get('cookie')).toBe(cookies[session === true ? 1 : 0])
    }
  })

  it('ends everywhere when it is signed out of anywhere', async () => {
    const { make, status, call, vouch } = open()
    const cookie = await make(shop ?? '')
    const from = { cookie, origin: office ?? '', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }
    const out = await call('POST', `${office}/.sallyport/sign-out`, from)
    expect(out.status).toBe(303)
    expect(out.headers.get('set-cookie')).toBe(
      '__Secure-sallyport=; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0',
    )
    expect([await status(shop ?? '', cookie), await status(office ?? '', cookie)]).toEqual([401, 401])

    const another = await make(office ?? '')
    const headers = [
      ['x-sallyport-sign-out', 'this'],
      ['x-sallyport-proof', `secret ${vouchSecret}`],
    ] as const
    expect(await vouch(shop ?? '', headers, another)).toContain('Domain=example.com; ')
    expect(await status(office ?? '', another)).toBe(401)
  })

  it('has another value when that is asked for, under the same name', async () => {
    const { make, call, status } = open()
    const cookie = await make(shop ?? '')
    const rotated = await call('POST', `${shop}/.sallyport/session/rotate`, { cookie, origin: shop ?? '' })
    const next = cookieIn(rotated.headers.get('set-cookie') ?? '')
    expect(next).toMatch(/^__Secure-sallyport=/)
    expect(next).not.toBe(cookie)
    expect(await status(office ?? '', next)).toBe(200)
  })

  it('is no leave for one host to post to another: that is same-site, and not same-origin', async () => {
    const { make, ask } = open()
    const cookie = await make(shop ?? '')
    const posted = (from: string, site: string) =>
      ask(`POST ${office}/`, { cookie, origin: from, 'sec-fetch-site': site })
    expect((await posted(shop ?? '', 'same-site')).answer.status).toBe(403)
    expect((await posted(office ?? '', 'same-origin')).answer.status).toBe(200)
  })

  it('has a CSRF token for old browsers, which a host gives out for itself', async () => {
    const { make, call, ask } = open()
    const cookie = await make(shop ?? '')
    const given = await call('GET', `${office}/.sallyport/csrf`, { cookie })
    const { token } = (await given.json()) as { token: string }
    const twin = given.headers.get('set-cookie')?.split(';', 1)[0]
    const post = (at: string, cookies: string) =>
      ask(`POST ${at}/form`, { cookie: cookies, 'x-sallyport-csrf': token, 'content-type': 'application/json' })
    expect((await post(office ?? '', `${cookie}; ${twin}`)).answer.status).toBe(200)
    expect((await post(office ?? '', cookie)).answer.status).toBe(403)
    expect((await post(office ?? '', `${await make(shop ?? '')}; ${twin}`)).answer.status).toBe(403)
  })

  it('begins at a provider too', async () => {
    const gateway = await openSignInGateway({
      origin: { session: { site: 'example.com' } },
      others: [
        {
          name: 'office',
          host: 'office.example.com',
          upstream: 'https://office.example.net',
          session: { site: 'example.com' },
          rules: [{ path: '/*', access: 'signed-in' }],
        },
        {
          name: 'alone',
          host: 'alone.example.com',
          upstream: 'https://alone.example.net',
          session: true,
          rules: [{ path: '/*', access: 'signed-in' }],
        },
      ],
    })
    const back = await gateway.visitor.go(gateway.answer(await gateway.start()))
    const set = back.headers.getSetCookie().find((text) => text.startsWith('__Secure-sallyport=')) ?? ''
    expect(set).toContain('; Domain=example.com; ')
    const cookie = cookieIn(set)
    const statusAt = async (host: string, sent: string) =>
      (await gateway.ask(`GET https://${host}.example.com/`, { cookie: sent })).answer.status
    expect([await statusAt('app', cookie), await statusAt('office', cookie)]).toEqual([200, 200])
    expect(await statusAt('alone', `__Host-sallyport=${secretOf(cookie)}`)).toBe(401)
  })
})

describe('a site that can’t be meant', () => {
  const everything = [{ path: '/*', access: 'signed-in' as const }]
  const at = (name: string, site: string, more: Partial<OriginConfig> = {}) =>
    originOf(everything, { name, host: `${name}.example.com`, session: { site }, ...more })
  const found = (...origins: OriginConfig[]): string => {
    const issuer = 'https://id.example.com'
    const providers = { corp: { issuer, clientId: 'a' }, partner: { issuer, clientId: 'b' } }
    return lint(compiled({ providers, origins })).map(describeProblem).join('\n')
  }

  it.each(['com', 'localhost', 'Example.com', '.example.com', 'example.com.', 'https://example.com', '127.0.0.1', ''])(
    'is no domain: %j',
    (site) => {
      expect(problemsIn({ origins: [at('app', site)] }).join()).toMatch(
        /routes\/app\.ts: session\.site .*of two labels or more: "example\.com"/,
      )
    },
  )

  it.each<[string, OriginConfig[], OriginConfig[], string]>([
    [
      'of a host that stands elsewhere',
      [at('app', 'example.com', { host: ['app.example.com', 'localhost'] })],
      [at('app', 'example.com', { host: ['app.example.com', 'example.com', '*.b.example.com'] })],
      'the host "localhost" does not stand under it',
    ],
    [
      'of a host that only ends alike',
      [at('app', 'example.com', { host: 'notexample.com' })],
      [at('app', 'example.com', { host: 'not.example.com' })],
      'the host "notexample.com" does not stand under it',
    ],
    [
      'within another',
      [at('app', 'example.com'), at('b', 'b.example.com', { host: 'x.b.example.com' })],
      [at('app', 'example.com'), at('b', 'example.org', { host: 'x.example.org' })],
      'it overlaps the site "example.com" of "app"',
    ],
    [
      'around another',
      [at('b', 'b.example.com', { host: 'x.b.example.com' }), at('app', 'example.com')],
      [at('b', 'example.com', { host: 'x.b.example.com' }), at('app', 'example.com')],
      'it overlaps the site "b.example.com" of "b"',
    ],
    [
      'whose hosts trust different providers',
      [at('app', 'example.com', { providers: ['corp'] }), at('b', 'example.com', { providers: ['partner'] })],
      [
        at('app', 'example.com', { providers: ['corp', 'partner'] }),
        at('b', 'example.com', { providers: ['partner', 'corp'] }),
        at('c', 'example.com'),
      ],
      'they would be signed in here too',
    ],
  ])('%s', (_, bad, near, words) => {
    expect(found(...bad)).toContain(words)
    expect(found(...near)).toBe('')
  })
})
