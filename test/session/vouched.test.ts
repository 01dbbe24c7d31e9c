import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/route/compile.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { head } from '../support/head.ts'
import { at, cookieOf, openKept, proven, vouchSecret } from '../support/kept.ts'

const ada = { subject: 'ada', roles: ['staff'], claims: { email: 'ada@example.com' } }
const login = `POST ${at}/login`
const statusOf = async (kept: ReturnType<typeof openKept>, cookie: string | null, path = '/', host = at) =>
  (await kept.ask(`GET ${host}${path}`, cookie ? { cookie } : {})).answer.status

describe('an origin that vouches', () => {
  it('signs somebody in: a cookie for them, and nothing of how', async () => {
    const kept = openKept()
    const answer = await kept.vouch(login, {}, () => [['location', '/'], ...proven(ada)])
    expect(answer.status).toBe(303)
    expect(answer.headers.filter(([name]) => name.startsWith('x-sallyport'))).toEqual([])
    expect(answer.headers.find(([name]) => name === 'set-cookie')?.[1]).toMatch(
      /^__Host-sallyport=v1\.[\w-]{44}\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    )
    expect(await statusOf(kept, cookieOf(answer))).toBe(200)
    expect(await statusOf(kept, cookieOf(answer), '/admin')).toBe(403)
    expect(kept.lines.join()).toContain('session-made')
  })

  it('does so with an HMAC, for this one request', async () => {
    const kept = openKept()
    const value = JSON.stringify(ada)
    const hmac = (id: string) => createHmac('sha256', vouchSecret).update(`${id}\n${value}`).digest('hex')
    const headers = (id: string) =>
      [
        ['x-sallyport-sign-in', value],
        ['x-sallyport-proof', `hmac ${hmac(id)}`],
      ] as const
    expect(cookieOf(await kept.vouch(login, {}, headers))).not.toBeNull()
    expect(cookieOf(await kept.vouch(login, {}, () => headers('another request')))).toBeNull()
  })

  it.each(['public, max-age=600', 's-maxage=600'])(
    'keeps who signed in out of every shared cache: %s',
    async (said) => {
      const kept = openKept()
      const answer = await kept.vouch(login, {}, () => [
        ['cache-control', said],
        ['cdn-cache-control', said],
        ...proven(ada),
      ])
      const caching = answer.headers.filter(([name]) => name.endsWith('cache-control')).map(([, value]) => value)
      expect(cookieOf(answer)).not.toBeNull()
      expect(caching).toHaveLength(1)
      expect(caching[0]).toMatch(/^private\b/)
      // nor may a platform's own cache answer in the origin's stead: it would vouch anew for whoever asks
      const begun = await kept.gateway.begin(head(login), () => undefined)
      expect(begun.kind === 'forward' && begun.plan.isPrivate).toBe(true)
    },
  )

  it('is no rule whose answers are kept for everybody', () => {
    const rule = { path: '/login', access: 'public', signIn: 'vouched', cache: { key: 'url' } }
    const origin = {
      name: 'app',
      host: 'app.example.com',
      upstream: 'http://127.0.0.1:1',
      session: true,
      rules: [rule],
    }
    const compiled = compile({ origins: [origin] }, {})
    expect(compiled.ok).toBe(false)
    expect(JSON.stringify(compiled)).toContain('for them alone')
  })

  it('vouches to itself alone', async () => {
    const kept = openKept()
    const cookie = cookieOf(await kept.vouch(login, {}, () => proven(ada)))
    expect(await statusOf(kept, cookie, '/', 'https://other.example.com')).toBe(401)
    expect(await statusOf(kept, cookie)).toBe(200)
    expect(await statusOf(kept, cookie, '/', 'https://other.example.com')).toBe(401)
  })

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['without its secret', [['x-sallyport-sign-in', JSON.stringify(ada)]]],
    [
      'with another secret',
      [
        ['x-sallyport-sign-in', JSON.stringify(ada)],
        ['x-sallyport-proof', 'secret wrong'],
      ],
    ],
    [
      'with the start of the secret',
      [
        ['x-sallyport-sign-in', JSON.stringify(ada)],
        ['x-sallyport-proof', `secret ${vouchSecret.slice(0, -1)}`],
      ],
    ],
    ['twice', [...proven(ada), ['x-sallyport-sign-in', JSON.stringify({ subject: 'root' })]]],
    ['with its proof twice', [...proven(ada), ['x-sallyport-proof', `secret ${vouchSecret}`]]],
    ['in and out at once', [...proven(ada), ['x-sallyport-sign-out', 'this']]],
    ['of nobody', proven({ subject: '' })],
    ['with a key too many', proven({ ...ada, isAdmin: true })],
    [
      'that is no JSON',
      [
        ['x-sallyport-sign-in', '{"subject":"ada"'],
        ['x-sallyport-proof', `secret ${vouchSecret}`],
      ],
    ],
    ['with roles in text', proven({ ...ada, roles: 'admin' })],
    ['of 20 KiB', proven({ ...ada, claims: { big: 'x'.repeat(20_000) } })],
  ])('is not believed %s: dropped, and logged', async (_, headers) => {
    const kept = openKept()
    const answer = await kept.vouch(login, {}, () => headers)
    expect(cookieOf(answer)).toBeNull()
    expect(answer.headers.filter(([name]) => name.startsWith('x-sallyport'))).toEqual([])
    expect(kept.lines.join()).toContain('sign-in-refused')
    expect(kept.lines.join()).not.toContain(vouchSecret.slice(0, -1))
  })

  it('is not believed on another rule', async () => {
    const kept = openKept()
    const cookie = cookieOf(await kept.vouch(login, {}, () => proven(ada))) ?? ''
    const answer = await kept.vouch(`GET ${at}/`, { cookie }, () => proven({ ...ada, roles: ['admin'] }))
    expect(cookieOf(answer)).toBeNull()
    expect(await statusOf(kept, cookie, '/admin')).toBe(403)
    expect(kept.lines.join()).toContain('not on this rule')
  })

  it('is not spoken for by a client: the header never reaches it', async () => {
    const kept = openKept()
    const { sent, answer } = await kept.ask(login, Object.fromEntries(proven(ada)))
    expect([...sent.keys()].filter((name) => name.startsWith('x-sallyport'))).toEqual([])
    expect(cookieOf(answer)).toBeNull()
    expect(kept.lines.join()).toContain('sent by a client')
  })

  it('that signs in whom the store does not take signs in nobody: 503', async () => {
    const store = createMemoryStore(() => 1_800_000_000)
    const kept = openKept({}, { ...store, swap: () => Promise.reject(new Error('down')) })
    const answer = await kept.vouch(login, {}, () => proven(ada))
    expect(answer.status).toBe(503)
    expect(cookieOf(answer)).toBeNull()
  })

  it('changes roles under a new cookie, and the old one is good for 30 seconds', async () => {
    const kept = openKept()
    const first = cookieOf(await kept.vouch(login, {}, () => proven(ada))) ?? ''
    kept.pass(10)
    const second = cookieOf(await kept.vouch(login, { cookie: first }, () => proven({ ...ada, roles: ['admin'] })))
    expect(second).not.toBe(first)
    expect(await statusOf(kept, second, '/admin')).toBe(200)
    expect(await statusOf(kept, first, '/strict')).toBe(200)
    expect(await statusOf(kept, first, '/admin')).toBe(403)
    kept.pass(29)
    expect(await statusOf(kept, first, '/strict')).toBe(200)
    kept.pass(1)
    expect(await statusOf(kept, first, '/strict')).toBe(401)
    expect(await statusOf(kept, second, '/strict')).toBe(200)
  })

  it('signs out whoever used the browser before', async () => {
    const kept = openKept()
    const first = cookieOf(await kept.vouch(login, {}, () => proven(ada))) ?? ''
    await kept.vouch(login, { cookie: first }, () => proven({ subject: 'bob' }))
    expect(await statusOf(kept, first)).toBe(401)
  })

  it('signs out: this session, or everywhere', async () => {
    const kept = openKept()
    const make = async () => cookieOf(await kept.vouch(login, {}, () => proven(ada))) ?? ''
    const [one, two, three] = [await make(), await make(), await make()]
    const out = (value: string) =>
      [
        ['x-sallyport-sign-out', value],
        ['x-sallyport-proof', `secret ${vouchSecret}`],
      ] as const
    const answer = await kept.vouch(login, { cookie: one }, () => out('this'))
    expect(cookieOf(answer)).toBe('__Host-sallyport=')
    expect([await statusOf(kept, one), await statusOf(kept, two)]).toEqual([401, 200])
    await kept.vouch(login, { cookie: two }, () => out('everywhere'))
    expect([await statusOf(kept, two), await statusOf(kept, three)]).toEqual([401, 401])
  })

  it('remembers who asked for it: a second absolute time-out, and no idle one', async () => {
    const kept = openKept()
    const answer = await kept.vouch(login, {}, () => proven({ ...ada, remember: true }))
    expect(answer.headers.find(([name]) => name === 'set-cookie')?.[1]).toContain('; Max-Age=2592000')
    const plain = cookieOf(await kept.vouch(login, {}, () => proven(ada)))
    kept.pass(3_600)
    expect([await statusOf(kept, plain), await statusOf(kept, cookieOf(answer))]).toEqual([401, 200])
    kept.pass(2_592_000 - 3_600)
    expect(await statusOf(kept, cookieOf(answer))).toBe(401)
  })

  it.each([
    ['says nothing of it', {}, '; Max-Age=2588400', 2_588_400],
    ['says no', { remember: false }, '', 43_200],
    ['says yes', { remember: true }, '; Max-Age=2592000', 2_592_000],
  ])('vouched for again, whoever was remembered stays so as the origin says: it %s', async (_, more, sets, seconds) => {
    const kept = openKept({ SESSION_IDLE_SECONDS: '43200' })
    const first = cookieOf(await kept.vouch(login, {}, () => proven({ ...ada, remember: true }))) ?? ''
    kept.pass(3_600)
    const answer = await kept.vouch(login, { cookie: first }, () => proven({ ...ada, roles: ['admin'], ...more }))
    const set = answer.headers.find(([name]) => name === 'set-cookie')?.[1] ?? ''
    expect(set.replace(/^.*SameSite=Lax/, '')).toBe(sets)
    kept.pass(seconds - 1)
    expect(await statusOf(kept, cookieOf(answer))).toBe(200)
    kept.pass(1)
    expect(await statusOf(kept, cookieOf(answer))).toBe(401)
  })

  it('keeps so many sessions of one subject: the oldest ends', async () => {
    const kept = openKept({ SESSIONS_PER_SUBJECT: '2' })
    const cookies: (string | null)[] = []
    for (let count = 0; count < 4; count++) {
      cookies.push(cookieOf(await kept.vouch(login, {}, () => proven(ada))))
      kept.pass(1)
    }
    expect(await Promise.all(cookies.map((cookie) => statusOf(kept, cookie, '/strict')))).toEqual([401, 401, 200, 200])
  })
})
