import { describe, expect, it } from 'vitest'
import { isMember, originSet } from '../../src/route/web-origin.ts'
import { isOriginHeader } from '../../src/shield/cors.ts'
import { headerOf } from '../support/gateway.ts'
import { openShielded, readableBy, self } from '../support/shielded.ts'

const friend = 'https://console.example.com'
const evil = 'https://evil.test'
const preflight = (origin: string, method: string, more: Record<string, string> = {}) => ({
  origin,
  'access-control-request-method': method,
  ...more,
})
const rules = [
  { path: '/open', access: 'public' },
  { path: '/only-get', methods: ['GET'], access: 'signed-in' },
  { path: '/narrow/*', access: 'signed-in', cors: { origins: ['https://narrow.test'] } },
  { path: '/closed/*', access: 'public', cors: 'none' },
  { path: '/theirs/*', access: 'signed-in', cors: 'upstream' },
  { path: '/anyone/*', access: 'public', cors: { origins: '*', expose: ['X-Total'] } },
  { path: '/api/*', access: 'signed-in' },
]
const cors = {
  origins: [friend, 'https://*.family.test', 'https://*.ports.test:8443'],
  credentials: true,
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  headers: ['Content-Type', 'X-Custom'],
  expose: ['X-Total', 'X-Page'],
  maxAgeSeconds: 60,
}
const theirs: [string, string][] = [
  ['access-control-allow-origin', '*'],
  ['access-control-allow-credentials', 'true'],
  ['access-control-expose-headers', 'X-Secret'],
  ['access-control-allow-private-network', 'true'],
  ['access-control-something-new', '1'],
  ['vary', 'Accept-Language'],
]

describe('who may read', () => {
  it.each([
    ['the origin that is named', friend, true],
    ['a label below a family', 'https://a.family.test', true],
    ['two labels below a family', 'https://a.b.family.test', true],
    ['a family with its port', 'https://a.ports.test:8443', true],
    ['nobody else', evil, false],
    ['the head of a family, which wasn’t named', 'https://family.test', false],
    ['a name that only ends alike', 'https://evilfamily.test', false],
    ['a name that only begins alike', 'https://console.example.com.evil.test', false],
    ['a family by another scheme', 'http://a.family.test', false],
    ['a family at another port', 'https://a.family.test:444', false],
    ['a family without its port', 'https://a.ports.test', false],
    ['an empty label', 'https://.family.test', false],
    ['an empty label within', 'https://a..family.test', false],
    ['another case', 'https://CONSOLE.example.com', false],
    ['another scheme', 'http://console.example.com', false],
    ['the null origin', 'null', false],
  ])('%s', async (_, origin, isReadable) => {
    const { ask, member } = await openShielded({ cors, rules })
    const asked = await ask('GET https://app.example.com/api/x', { ...member, origin }, theirs)
    expect(asked.forwarded).toBe(true)
    expect(readableBy(asked)).toBe(isReadable ? origin : null)
    expect(headerOf(asked.answer, 'access-control-allow-credentials')).toBe(isReadable ? 'true' : null)
    expect(headerOf(asked.answer, 'access-control-expose-headers')).toBe(isReadable ? 'X-Total, X-Page' : null)
    expect(headerOf(asked.answer, 'vary')).toBe('Accept-Language, Origin')
    expect(asked.answer.headers.map(([name]) => name)).not.toContain('access-control-something-new')
    expect(asked.answer.headers.map(([name]) => name)).not.toContain('access-control-allow-private-network')
  })

  it.each([
    ['twice', `${friend}, ${friend}`],
    ['with a path', `${friend}/path`],
    ['with a slash', `${friend}/`],
    ['with userinfo', 'https://user:pw@console.example.com'],
    ['empty', ''],
    ['with a space', 'https://console.example.com evil.test'],
    ['no origin at all', 'console.example.com'],
    ['10 KiB long', `https://${'a'.repeat(10_240)}.family.test`],
  ])('an Origin that no browser sends is refused: %s', async (_, origin) => {
    const { ask, member } = await openShielded({ cors, rules })
    for (const path of ['/api/x', '/open', '/nowhere']) {
      const asked = await ask(`GET https://app.example.com${path}`, { ...member, origin })
      expect(asked).toMatchObject({ forwarded: false, answer: { status: 400 } })
      expect(readableBy(asked)).toBeNull()
    }
  })

  it.each(['chrome-extension://abcdef', 'file://', 'capacitor://localhost', 'http://[::1]:8080', 'null'])(
    'takes %s for an Origin that a browser sends',
    (origin) => expect(isOriginHeader(origin)).toBe(true),
  )

  it('says it on refusals and errors too', async () => {
    const { ask, gateway, member } = await openShielded({ cors, rules })
    const none = await ask('GET https://app.example.com/api/x', { origin: friend })
    expect(none.answer.status).toBe(401)
    const nowhere = await ask('DELETE https://app.example.com/only-get', { origin: friend })
    expect(nowhere.answer.status).toBe(404)
    const odd = await ask('GET https://app.example.com/a%2fb', { origin: friend })
    expect(odd.answer.status).toBe(400)
    for (const asked of [none, nowhere, odd]) {
      expect(readableBy(asked)).toBe(friend)
      expect(headerOf(asked.answer, 'vary')).toBe('Origin')
    }
    const begun = await gateway.begin(
      {
        method: 'GET',
        scheme: 'https',
        host: 'app.example.com',
        target: '/api/x',
        headers: new Headers({ ...member, origin: friend }),
        clientAddress: null,
      },
      () => undefined,
    )
    const failed = begun.kind === 'forward' && begun.fail({ reason: 'upstream-timeout', seconds: 1 })
    expect(failed && headerOf(failed, 'access-control-allow-origin')).toBe(friend)
  })

  it('lets a rule be narrower than its origin, open to all, or closed', async () => {
    const { ask, member } = await openShielded({ cors, rules })
    const narrow = await ask('GET https://app.example.com/narrow/x', { ...member, origin: 'https://narrow.test' })
    expect(readableBy(narrow)).toBe('https://narrow.test')
    expect(headerOf(narrow.answer, 'access-control-allow-credentials')).toBeNull()
    expect(readableBy(await ask('GET https://app.example.com/narrow/x', { ...member, origin: friend }))).toBeNull()
    const anyone = await ask('GET https://app.example.com/anyone/x', { origin: evil }, theirs)
    expect(readableBy(anyone)).toBe('*')
    expect(headerOf(anyone.answer, 'access-control-allow-credentials')).toBeNull()
    expect(headerOf(anyone.answer, 'vary')).toBe('Accept-Language, Origin')
    expect(readableBy(await ask('GET https://app.example.com/closed/x', { origin: friend }, theirs))).toBeNull()
  })

  it('says no to a method that the operator left out', async () => {
    const { ask, member } = await openShielded({ cors: { ...cors, methods: ['GET'] }, rules })
    const asked = await ask('POST https://app.example.com/api/x', { ...member, origin: friend })
    expect(asked.answer.status).toBe(403)
    expect(readableBy(asked)).toBeNull()
  })

  it('drops what the upstream says, where nothing is written too', async () => {
    const { ask, member } = await openShielded({})
    const asked = await ask('GET https://app.example.com/x', { ...member, origin: friend }, theirs)
    expect(asked.answer.headers.filter(([name]) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('a preflight', () => {
  it('is granted without a credential, by the rule of the announced method', async () => {
    const { ask } = await openShielded({ cors, rules })
    const asked = await ask(
      'OPTIONS https://app.example.com/api/x',
      preflight(friend, 'PUT', { 'access-control-request-headers': 'x-custom,content-type' }),
    )
    expect(asked.answer.status).toBe(204)
    expect(Object.fromEntries(asked.answer.headers)).toMatchObject({
      'access-control-allow-origin': friend,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-custom, content-type',
      'access-control-max-age': '60',
      vary: expect.stringContaining('Access-Control-Request-Method'),
    })
    expect(headerOf(asked.answer, 'access-control-allow-private-network')).toBeNull()
  })

  it.each([
    ['of another origin', '/api/x', preflight(evil, 'PUT'), 403],
    ['of the null origin', '/api/x', preflight('null', 'PUT'), 403],
    ['for a method that is not allowed', '/api/x', preflight(friend, 'PATCH'), 403],
    ['for TRACE', '/api/x', preflight(friend, 'TRACE'), 403],
    ['for CONNECT', '/api/x', preflight(friend, 'CONNECT'), 403],
    ['for a method in lower case', '/api/x', preflight(friend, 'put'), 403],
    ['for no method', '/api/x', preflight(friend, ''), 403],
    ['for two methods', '/api/x', preflight(friend, 'PUT, GET'), 403],
    ['where the method meets no rule', '/only-get', preflight(friend, 'PUT'), 404],
    ['where no rule is', '/nowhere', preflight(friend, 'GET'), 404],
    [
      'with a header that is not allowed',
      '/api/x',
      preflight(friend, 'PUT', { 'access-control-request-headers': 'x-custom, x-other' }),
      403,
    ],
    [
      'with a header that is none',
      '/api/x',
      preflight(friend, 'PUT', { 'access-control-request-headers': 'x custom' }),
      403,
    ],
    [
      'with a thousand headers',
      '/api/x',
      preflight(friend, 'PUT', {
        'access-control-request-headers': Array.from({ length: 1000 }, (_, at) => `x-${at}`).join(','),
      }),
      403,
    ],
    [
      'with one header a thousand times',
      '/api/x',
      preflight(friend, 'PUT', { 'access-control-request-headers': 'x-custom,'.repeat(1000) }),
      403,
    ],
    ['at a path that can be read twice', '/api%2fx', preflight(friend, 'PUT'), 400],
  ])('%s is refused', async (_, path, headers, status) => {
    const { ask } = await openShielded({ cors, rules })
    const asked = await ask(`OPTIONS https://app.example.com${path}`, headers)
    expect(asked).toMatchObject({ forwarded: false, answer: { status } })
    expect(headerOf(asked.answer, 'access-control-allow-methods')).toBeNull()
    expect(headerOf(asked.answer, 'x-sallyport')).toBe('refused')
    expect(headerOf(asked.answer, 'vary')).toContain('Origin')
  })

  it('is a request like any other where nobody spoke of CORS, or when it brings a body', async () => {
    const { ask } = await openShielded({ cors, rules })
    expect((await ask('OPTIONS https://app.example.com/closed/x', preflight(friend, 'PUT'))).forwarded).toBe(true)
    const laden = { ...preflight(friend, 'PUT'), 'content-length': '4' }
    expect((await ask('OPTIONS https://app.example.com/theirs/x', laden)).answer.status).toBe(401)
    const streamed = { ...preflight(friend, 'PUT'), 'transfer-encoding': 'chunked' }
    expect((await ask('OPTIONS https://app.example.com/theirs/x', streamed)).answer.status).toBe(401)
  })

  it('opens the private network only where that is written', async () => {
    const { ask } = await openShielded({ cors: { ...cors, privateNetwork: true }, rules })
    const knock = { 'access-control-request-private-network': 'true' }
    const asked = await ask('OPTIONS https://app.example.com/api/x', preflight(friend, 'PUT', knock))
    expect(headerOf(asked.answer, 'access-control-allow-private-network')).toBe('true')
    const refused = await ask('OPTIONS https://app.example.com/api/x', preflight(evil, 'PUT', knock))
    expect(headerOf(refused.answer, 'access-control-allow-private-network')).toBeNull()
  })
})

describe("cors: 'upstream'", () => {
  it('passes the upstream’s own headers untouched', async () => {
    const { ask, member } = await openShielded({ cors, rules })
    const asked = await ask('GET https://app.example.com/theirs/x', { ...member, origin: evil }, theirs)
    for (const [name, value] of theirs) expect(headerOf(asked.answer, name)).toBe(value)
  })

  it('sends preflights on, without any credential that came with them', async () => {
    const { ask, member } = await openShielded({
      cors: 'upstream',
      pass: { authorization: true, sessionCookie: true },
      rules,
    })
    const headers = { ...preflight(evil, 'PUT'), cookie: `${member.cookie}; PHPSESSID=1`, authorization: 'Basic eDp5' }
    const asked = await ask('OPTIONS https://app.example.com/theirs/x', headers, theirs)
    expect(asked.forwarded).toBe(true)
    expect([...asked.sent.keys()].filter((name) => /cookie|authorization|remote/.test(name))).toEqual([])
    expect(asked.sent.get('access-control-request-method')).toBe('PUT')
    expect(headerOf(asked.answer, 'access-control-allow-origin')).toBe('*')
  })

  it('still sends none where the request would be 404, or asks for TRACE', async () => {
    const { ask } = await openShielded({ cors: 'upstream', rules })
    expect((await ask('OPTIONS https://app.example.com/only-get', preflight(evil, 'PUT'))).answer.status).toBe(404)
    expect((await ask('OPTIONS https://app.example.com/theirs/x', preflight(evil, 'TRACE'))).answer.status).toBe(403)
  })
})

describe('what an operator may write', () => {
  it.each([
    ['* with credentials', { origins: '*', credentials: true }],
    ['* with the private network', { origins: '*', privateNetwork: true }],
    ['an origin with a path', { origins: ['https://a.example.com/x'] }],
    ['an origin with a slash', { origins: ['https://a.example.com/'] }],
    ['the null origin', { origins: ['null'] }],
    ['an origin with userinfo', { origins: ['https://u@a.example.com'] }],
    ['an origin with its default port', { origins: ['https://a.example.com:443'] }],
    ['capitals', { origins: ['https://A.example.com'] }],
    ['everybody under a top-level domain', { origins: ['https://*.com'] }],
    ['a star in the middle', { origins: ['https://a.*.example.com'] }],
    ['half a label', { origins: ['https://a*.example.com'] }],
    ['a star for an address', { origins: ['https://*.0.2.1'] }],
    ['two stars', { origins: ['https://*.*.example.com'] }],
    ['a star in place of the scheme', { origins: ['*://a.example.com'] }],
    ['no origin', { origins: [] }],
    ['a method in lower case', { origins: [friend], methods: ['get'] }],
    ['every header', { origins: [friend], headers: ['*'] }],
    ['a key that there isn’t', { origins: [friend], credential: true }],
  ])('%s is refused at start', async (_, written) => {
    await expect(openShielded({ cors: written })).rejects.toThrow('cors')
  })

  it('means a whole label by a star', () => {
    const set = originSet(['https://*.example.com', 'http://*.localhost:3000'])
    expect(isMember(set, 'https://a.example.com')).toBe(true)
    expect(isMember(set, 'https://evil-example.com')).toBe(false)
    expect(isMember(set, 'https://example.com.evil.test')).toBe(false)
    expect(isMember(set, 'https://evil.test/.example.com')).toBe(false)
    expect(isMember(set, 'https://evil.test?.example.com')).toBe(false)
    expect(isMember(set, 'http://a.localhost:3000')).toBe(true)
    expect(isMember(set, self)).toBe(true)
  })
})
