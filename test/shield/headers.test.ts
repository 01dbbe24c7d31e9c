import { describe, expect, it } from 'vitest'
import { headerOf } from '../support/gateway.ts'
import { openShielded } from '../support/shielded.ts'

const boasts: [string, string][] = [
  ['server', 'Apache/2.2'],
  ['x-powered-by', 'PHP/5.3'],
  ['x-aspnet-version', '4.0'],
  ['x-aspnetmvc-version', '3'],
  ['content-type', 'text/html'],
]

describe('an answer', () => {
  it.each(['legacy', 'strict'])('boasts of nothing under %s, and is not sniffed', async (preset) => {
    const { ask, member } = await openShielded({ headers: preset })
    const { answer } = await ask('GET https://app.example.com/x', member, boasts)
    for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version'])
      expect(headerOf(answer, name)).toBeNull()
    expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff')
    expect(headerOf(answer, 'content-type')).toBe('text/html')
  })

  it('has HSTS by https only, and never a preload that nobody wrote', async () => {
    for (const preset of ['legacy', 'strict']) {
      const { ask, member } = await openShielded({ headers: preset })
      const secure = await ask('GET https://app.example.com/x', member)
      expect(headerOf(secure.answer, 'strict-transport-security')).toMatch(/^max-age=\d{8}(?:; includeSubDomains)?$/)
      const plain = await ask('GET http://app.example.com/x', member)
      expect(headerOf(plain.answer, 'strict-transport-security')).toBeNull()
      expect(headerOf((await ask('GET http://app.example.com/x')).answer, 'strict-transport-security')).toBeNull()
    }
  })

  it('asks an old page’s images by https only where the page came so, and where it has no policy of its own', async () => {
    const { ask, member } = await openShielded({ headers: 'legacy' })
    const policyOf = async (scheme: string, upstream: [string, string][] = []) =>
      headerOf((await ask(`GET ${scheme}://app.example.com/x`, member, upstream)).answer, 'content-security-policy')
    expect(await policyOf('https')).toBe('upgrade-insecure-requests')
    expect(await policyOf('http')).toBeNull()
    expect(await policyOf('https', [['content-security-policy', 'img-src *']])).toBe('img-src *')
  })

  it('keeps the upstream’s own word where the table only fills in', async () => {
    const { ask, member } = await openShielded({ headers: 'legacy' })
    const { answer } = await ask('GET https://app.example.com/x', member, [['x-frame-options', 'DENY']])
    expect(answer.headers.filter(([name]) => name === 'x-frame-options')).toEqual([['x-frame-options', 'DENY']])
  })

  it('is set, filled in and stripped as the table says, names in any case', async () => {
    const headers = {
      preset: 'strict',
      set: { 'X-Frame-Options': 'SAMEORIGIN', 'Strict-Transport-Security': 'max-age=1; preload' },
      setIfAbsent: { 'Referrer-Policy': 'origin' },
      remove: ['X-Old', 'Permissions-Policy'],
    }
    const { ask, member } = await openShielded({ headers })
    const { answer } = await ask('GET https://app.example.com/x', member, [
      ['x-frame-options', 'ALLOWALL'],
      ['x-old', '1'],
      ['referrer-policy', 'unsafe-url'],
      ['permissions-policy', 'camera=*'],
    ])
    expect(answer.headers.filter(([name]) => name === 'x-frame-options')).toEqual([['x-frame-options', 'SAMEORIGIN']])
    expect(headerOf(answer, 'strict-transport-security')).toBe('max-age=1; preload')
    expect(headerOf(answer, 'x-old')).toBeNull()
    expect(headerOf(answer, 'permissions-policy')).toBeNull()
    expect(headerOf(answer, 'referrer-policy')).toBe('unsafe-url')
  })

  it('is dressed by its rule, by its origin where no rule was met, by the first preset where no host is', async () => {
    const rules = [
      { path: '/framed', access: 'public', headers: { set: { 'X-Mine': 'rule' } } },
      { path: '/*', methods: ['GET'], access: 'public' },
    ]
    const { ask } = await openShielded({ rules, headers: { preset: 'strict', set: { 'X-Mine': 'origin' } } })
    expect(headerOf((await ask('GET https://app.example.com/framed')).answer, 'x-mine')).toBe('rule')
    const nowhere = await ask('PUT https://app.example.com/x')
    expect(nowhere.answer.status).toBe(404)
    expect(headerOf(nowhere.answer, 'x-mine')).toBe('origin')
    const stray = await ask('GET https://stray.example.com/')
    expect(headerOf(stray.answer, 'x-content-type-options')).toBe('nosniff')
  })

  it('keeps every Set-Cookie', async () => {
    const { ask, member } = await openShielded({ headers: 'strict' })
    const cookies: [string, string][] = [
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
      ['set-cookie', 'a=3'],
    ]
    const { answer } = await ask('GET https://app.example.com/x', member, cookies)
    expect(answer.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value.split(';')[0])).toEqual([
      'a=1',
      'b=2',
      'a=3',
    ])
  })

  it('of the gateway’s own keeps its own policy, whatever the table replaces', async () => {
    const headers = { set: { 'Content-Security-Policy': "script-src 'unsafe-inline'" }, remove: ['Cache-Control'] }
    const { ask } = await openShielded({ headers })
    const { answer } = await ask('GET https://app.example.com/x', { accept: 'text/html' })
    expect(answer.status).toBe(401)
    expect(answer.headers.filter(([name]) => name === 'content-security-policy')).toHaveLength(1)
    expect(headerOf(answer, 'content-security-policy')).toContain("default-src 'none'")
    expect(headerOf(answer, 'cache-control')).toBe('no-store')
  })

  it.each(['Set-Cookie', 'Vary', 'Location', 'Content-Length', 'X-Sallyport', 'Access-Control-Allow-Origin'])(
    'has a header that no table can speak of: %s',
    async (name) => {
      await expect(openShielded({ headers: { set: { [name]: 'x' } } })).rejects.toThrow('headers')
      await expect(openShielded({ headers: { remove: [name] } })).rejects.toThrow('headers')
    },
  )
})

describe('an origin that is served by https only', () => {
  it.each([
    ['GET http://app.example.com/a?b=c', 'https://app.example.com/a?b=c'],
    ['POST http://app.example.com/a', 'https://app.example.com/a'],
    ['GET http://APP.example.com:8080/', 'https://app.example.com/'],
    ['GET http://app.example.com//evil.test/', null],
    ['GET http://app.example.com/nowhere', 'https://app.example.com/nowhere'],
  ])('%s → %s', async (request, location) => {
    const { ask, member } = await openShielded({ redirectToHttps: true })
    const { answer, forwarded } = await ask(request, { ...member, 'x-forwarded-proto': 'https' })
    expect(forwarded).toBe(false)
    expect(answer.status).toBe(location ? 308 : 400)
    expect(headerOf(answer, 'location')).toBe(location)
    expect(headerOf(answer, 'strict-transport-security')).toBeNull()
  })

  it('believes the platform, and no header, that it came by https', async () => {
    const { ask, member } = await openShielded({ redirectToHttps: true })
    const asked = await ask('GET https://app.example.com/a', { ...member, 'x-forwarded-proto': 'http' })
    expect(asked.forwarded).toBe(true)
  })

  it('sends nobody anywhere unless it is written', async () => {
    const { ask, member } = await openShielded({})
    expect((await ask('GET http://app.example.com/a', member)).forwarded).toBe(true)
  })
})
