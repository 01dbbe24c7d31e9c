import { describe, expect, it, vi } from 'vitest'
import { at, cookieOf, openKept, proven } from '../support/kept.ts'

const ada = { subject: 'ada', roles: ['staff'], claims: { email: 'ada@example.com', salary: 7, org: { unit: 'x' } } }

async function signedIn(environment: Record<string, string> = {}) {
  const kept = openKept(environment)
  const make = async () => cookieOf(await kept.vouch(`POST ${at}/login`, {}, () => proven(ada))) ?? ''
  const status = async (cookie: string, path = '/') => (await kept.ask(`GET ${at}${path}`, { cookie })).answer.status
  return { ...kept, make, status, cookie: await make() }
}
const ours = { 'sec-fetch-site': 'same-origin' }

describe('/.sallyport/session', () => {
  it('tells a page who is signed in, and no claim that the origin does not show', async () => {
    const { call, cookie } = await signedIn()
    const response = await call('GET', '/.sallyport/session', { cookie })
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      subject: 'ada',
      issuer: 'origin:app',
      roles: ['staff'],
      scopes: [],
      claims: { email: 'ada@example.com', 'org.unit': 'x' },
      expiresAt: 1_800_003_600,
    })
  })

  it.each([
    ['nobody', {}],
    ['a cookie that was never issued', { cookie: `__Host-sallyport=v1..${'A'.repeat(43)}` }],
    ['a cookie of no form', { cookie: '__Host-sallyport=x' }],
  ])('says 401 to %s', async (_, headers: Record<string, string>) => {
    const { call } = await signedIn()
    expect((await call('GET', '/.sallyport/session', headers)).status).toBe(401)
  })

  it('is read by the pages that the origin names, and by no other', async () => {
    const { call, cookie } = await signedIn()
    const readers = ['https://console.example.com', 'https://evil.example.com']
    const allowed = await Promise.all(
      readers.map(async (origin) => {
        const got = await call('GET', '/.sallyport/session', { cookie, origin })
        const asked = { origin, 'access-control-request-method': 'GET' }
        const preflight = await call('OPTIONS', '/.sallyport/session', asked)
        return [got.headers.get('access-control-allow-origin'), preflight.status]
      }),
    )
    expect(allowed).toEqual([
      ['https://console.example.com', 204],
      [null, 403],
    ])
    const refused = await call('GET', '/.sallyport/session', { origin: 'https://console.example.com' })
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://console.example.com')
  })
})

describe('/.sallyport/sign-out', () => {
  it('shows a button to a link, and does nothing', async () => {
    const { call, cookie, status } = await signedIn()
    const page = await call('GET', '/.sallyport/sign-out', { cookie })
    expect(await page.text()).toContain('method="post"')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(await status(cookie, '/strict')).toBe(200)
  })

  it('ends this session at once, clears the cookie, leaves the others', async () => {
    const { call, cookie, status, make, lines } = await signedIn()
    const other = await make()
    expect(await status(cookie)).toBe(200)
    const response = await call('POST', '/.sallyport/sign-out', { cookie, ...ours, 'sec-fetch-mode': 'navigate' })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    expect(response.headers.get('set-cookie')).toMatch(/^__Host-sallyport=; .*Max-Age=0$/)
    expect(response.headers.get('clear-site-data')).toBe('"cache", "cookies", "storage"')
    expect([await status(cookie), await status(other)]).toEqual([401, 200])
    expect(lines.join()).toContain('session-ended')
  })

  it('ends every session of the subject, and none that is made later', async () => {
    const kept = await signedIn()
    const other = await kept.make()
    const response = await kept.call('POST', '/.sallyport/sign-out?everywhere=1', {
      cookie: kept.cookie,
      'sec-fetch-mode': 'cors',
      ...ours,
    })
    expect(response.status).toBe(204)
    expect([await kept.status(kept.cookie), await kept.status(other)]).toEqual([401, 401])
    kept.pass(0.001)
    expect(await kept.status(await kept.make())).toBe(200)
  })

  it('is not done for another site, nor without saying whence', async () => {
    const { call, cookie, status } = await signedIn()
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example.com' }, {}])
      expect((await call('POST', '/.sallyport/sign-out', { cookie, ...headers })).status).toBe(403)
    expect(await status(cookie, '/strict')).toBe(200)
  })

  it('clears a cookie whose session is over, and says 401', async () => {
    const { call, cookie, pass } = await signedIn()
    pass(100_000)
    const response = await call('POST', '/.sallyport/sign-out', { cookie, ...ours })
    expect([response.status, cookieOf(response)]).toEqual([401, '__Host-sallyport='])
  })
})

describe('/.sallyport/session/rotate', () => {
  it('gives another cookie; signing out with it ends the old one too, inside its grace', async () => {
    const { call, cookie, status } = await signedIn()
    const response = await call('POST', '/.sallyport/session/rotate', { cookie, ...ours })
    const next = cookieOf(response) ?? ''
    expect([response.status, await status(next), await status(cookie, '/strict')]).toEqual([204, 200, 200])
    expect(cookieOf(await call('POST', '/.sallyport/session/rotate', { cookie, ...ours }))).toBeNull()
    await call('POST', '/.sallyport/sign-out', { cookie: next, ...ours })
    expect([await status(next), await status(cookie)]).toEqual([401, 401])
  })
})

describe('the old value of a cookie that was replaced', () => {
  it('is good for 30 seconds', async () => {
    const { call, cookie, status, pass } = await signedIn()
    await call('POST', '/.sallyport/session/rotate', { cookie, ...ours })
    pass(29.9)
    expect([await status(cookie), await status(cookie, '/strict')]).toEqual([200, 200])
    pass(0.1)
    expect([await status(cookie), await status(cookie, '/strict')]).toEqual([401, 401])
  })
})

describe('whoever is remembered', () => {
  it('stays so under another cookie, until the same second', async () => {
    const kept = openKept()
    const made = await kept.vouch(`POST ${at}/login`, {}, () => proven({ ...ada, remember: true }))
    kept.pass(1_000_000)
    const response = await kept.call('POST', '/.sallyport/session/rotate', { cookie: cookieOf(made) ?? '', ...ours })
    expect(response.headers.get('set-cookie')).toContain('; Max-Age=1592000')
    const status = async () => (await kept.ask(`GET ${at}/`, { cookie: cookieOf(response) ?? '' })).answer.status
    kept.pass(1_591_999)
    expect(await status()).toBe(200)
    kept.pass(1)
    expect(await status()).toBe(401)
  })
})

describe('cookies that were never issued', () => {
  it.each(['/.sallyport/session/rotate', '/.sallyport/sign-out'])(
    'are looked up so often and no more: %s',
    async (path) => {
      const { call, store } = openKept({ UNKNOWN_LOOKUPS_PER_SECOND: '3' })
      const reads = vi.spyOn(store, 'read')
      const statuses: number[] = []
      for (let count = 0; count < 20; count++) {
        const cookie = `__Host-sallyport=v1..${String(count).padStart(43, 'A')}`
        statuses.push((await call('POST', path, { cookie, ...ours })).status)
      }
      expect(statuses).toEqual([401, 401, 401, ...Array.from({ length: 17 }, () => 503)])
      expect(reads).toHaveBeenCalledTimes(3)
    },
  )
})

describe('a session in use', () => {
  it('lives while it is used, and no longer than its end', async () => {
    const { cookie, status, pass, beside } = await signedIn()
    for (let hour = 0; hour < 11; hour++) {
      pass(3_500)
      expect(await status(cookie)).toBe(200)
      await Promise.all(beside)
    }
    pass(3_600)
    expect(await status(cookie)).toBe(401)
  })

  it('dies unused after its idle time', async () => {
    const { cookie, status, pass } = await signedIn()
    pass(3_600)
    expect(await status(cookie)).toBe(401)
  })
})
