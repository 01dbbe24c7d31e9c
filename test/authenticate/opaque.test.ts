import { beforeEach, describe, expect, it } from 'vitest'
import { refusedSeconds, unknownPerSecond } from '../../src/authenticate/opaque.ts'
import { lint } from '../../src/route/lint.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { createTestIssuer } from '../support/issuer.ts'
import { compiled, problemsIn } from '../support/routes.ts'

const start = 1_800_000_000
const at = 'https://api.example.com'
const issuer = 'https://id.example.com'
const adminSecret = 'the-secret-of-those-who-administer-it'

type Answer = (token: string) => Response | Promise<Response>
interface Question {
  readonly url: string
  readonly init: RequestInit
  readonly token: string
}

let now = start
let asked: Question[]
let answer: Answer
let discovery: () => Response
beforeEach(() => {
  now = start
  asked = []
  answer = () => Response.json(good())
  discovery = () => Response.json({ issuer, introspection_endpoint: `${issuer}/introspect` })
})

const good = (change: object = {}): object => ({
  active: true,
  iss: issuer,
  aud: ['other', 'api'],
  sub: 'machine-0',
  scope: 'read write',
  token_type: 'Bearer',
  iat: now - 10,
  exp: now + 300,
  ...change,
})

const corp = { issuer, audience: 'api', introspection: { clientId: 'gateway', clientSecret: { env: 'SECRET' } } }
const environment = { SECRET: 'a secret: with+signs', SESSION_STORE: 'memory', ADMIN_SECRET: adminSecret }

function open(change: object = {}, more: Record<string, object> = {}) {
  const origin = {
    name: 'api',
    host: 'api.example.com',
    upstream: 'https://api.example.net',
    bearer: ['corp'],
    identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Scopes': 'scopes' } },
    rules: [
      { path: '/strict', access: 'signed-in', freshness: 0 },
      { path: '/stale', access: 'signed-in', freshness: 0, staleIfError: 60 },
      { path: '/write', access: { scopes: ['write'] } },
      { path: '/admin', access: { scopes: ['admin'] } },
      { path: '/perhaps', access: 'optional' },
      { path: '/*', access: 'signed-in', freshness: 30 },
    ],
  }
  const opened = openTestGateway(
    { issuers: { corp: { ...corp, ...change }, ...more }, origins: [origin] },
    environment,
    {
      now: () => now,
      store: createMemoryStore(() => now),
      async fetch(url, init) {
        const token = new URLSearchParams(String(init.body ?? '')).get('token') ?? ''
        asked.push({ url, init, token })
        return url.includes('.well-known') ? discovery() : answer(token)
      },
    },
  )
  /** The status, and what the log says of it. */
  const ask = async (token: string, path = '/'): Promise<string> => {
    const asking = await opened.ask(`GET ${at}${path}`, { authorization: `Bearer ${token}` })
    if (asking.forwarded) return `200 ${asking.sent.get('x-remote-user')}`
    const refusal = opened.entries.at(-1)?.refusal ?? {}
    return [asking.answer.status, ...Object.values(refusal).slice(1)].join(' ')
  }
  return { ...opened, asking: opened.ask, ask }
}

const questions = (): readonly string[] => asked.filter(({ token }) => token !== '').map(({ token }) => token)

describe('a token that is no JWT', () => {
  it('is whose its issuer says, with the scopes that it says', async () => {
    const { asking, ask } = open()
    const { sent } = await asking(`GET ${at}/`, { authorization: 'Bearer opaque-0' })
    expect([sent.get('x-remote-user'), sent.get('x-remote-scopes')]).toEqual(['machine-0', 'read,write'])
    expect(sent.has('authorization')).toBe(false)
    expect(await ask('opaque-0', '/write')).toBe('200 machine-0')
    expect(await ask('opaque-0', '/admin')).toBe('403 admin')
  })

  it('is asked about at the address that discovery names, by our client, and no answer is followed elsewhere', async () => {
    await open().ask('a+b/c~d.e==')
    expect(asked.map(({ url }) => url)).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/introspect`])
    const { init, token } = asked[1] ?? { init: {}, token: '' }
    expect([init.method, init.redirect, token]).toEqual(['POST', 'manual', 'a+b/c~d.e=='])
    const basic = `Basic ${btoa('gateway:a+secret%3A+with%2Bsigns')}`
    expect(new Headers(init.headers).get('authorization')).toBe(basic)
  })

  it('is asked about where the operator says, and discovery isn’t read', async () => {
    const url = 'https://elsewhere.example.com/introspect'
    await open({ introspection: { ...corp.introspection, url } }).ask('opaque-0')
    expect(asked.map((question) => question.url)).toEqual([url])
  })

  it.each([
    ['inactive', () => ({ active: false }), 'inactive'],
    ['inactive, whatever else is said', () => good({ active: false }), 'inactive'],
    ['of another issuer', () => good({ iss: 'https://evil.example.com' }), 'issuer'],
    ['of an issuer that begins alike', () => good({ iss: `${issuer}/` }), 'issuer'],
    ['for others', () => good({ aud: 'other' }), 'audience'],
    ['for nobody in particular', () => good({ aud: undefined }), 'audience'],
    ['for an audience that is no text', () => good({ aud: [['api']] }), 'audience'],
    ['for a list that reads the same', () => good({ aud: { api: true } }), 'audience'],
    ['to be shown with a proof', () => good({ token_type: 'DPoP' }), 'type'],
    ['a refresh token, of which nobody says that it is Bearer', () => good({ token_type: undefined }), 'type'],
    ['a refresh token, by another word', () => good({ token_use: 'refresh_token' }), 'type'],
    ['a refresh token of Keycloak', () => good({ token_type: undefined, typ: 'Refresh' }), 'type'],
    ['bound to a certificate', () => good({ cnf: { 'x5t#S256': 'x' } }), 'bound to a key'],
    ['without an end', () => good({ exp: undefined }), 'expiry'],
    ['of an end that is no number', () => good({ exp: String(start + 300) }), 'expiry'],
    ['over', () => good({ exp: start }), 'expired'],
    ['not begun', () => good({ nbf: start + 6 }), 'not yet valid'],
    ['made in the future', () => good({ iat: start + 6 }), 'not yet valid'],
    ['begun at a time that is none', () => good({ nbf: 'x' }), 'expiry'],
    ['nobody’s', () => good({ sub: undefined }), 'subject'],
    ['somebody’s who has no name', () => good({ sub: '' }), 'subject'],
  ])('is refused when it is %s', async (_, said, fault) => {
    answer = () => Response.json(said())
    const { ask } = open()
    expect(await ask('opaque-0')).toBe(`401 ${fault}`)
    expect(await ask('opaque-0', '/perhaps')).toBe(`401 ${fault}`)
  })

  it.each([
    ['without its issuer’s name', { iss: undefined }],
    ['of the type in small letters', { token_type: 'bearer' }],
    ['of Keycloak, that says it otherwise', { token_type: undefined, typ: 'Bearer' }],
    ['of a clock that is a little ahead', { nbf: start + 5, iat: start + 5 }],
  ])('passes %s', async (_, change) => {
    answer = () => Response.json(good(change))
    expect(await open().ask('opaque-0')).toBe('200 machine-0')
  })

  it('is refused when it is older than the issuer’s tokens may be', async () => {
    const { ask } = open({ maxAgeSeconds: 20 })
    expect(await ask('opaque-0')).toBe('200 machine-0')
    now += 11
    expect(await ask('opaque-0')).toBe('401 too old')
  })

  it('is refused where no issuer of the origin can be asked, and none is', async () => {
    const { issuer: name, jwks } = await createTestIssuer()
    const { ask } = open({ issuer: name, jwks, algorithms: ['RS256'], introspection: undefined })
    expect(await ask('opaque-0')).toBe('401 malformed')
    expect(asked).toEqual([])
  })

  it.each([
    ['with a space', 'a b', '401 malformed'],
    ['with a quote', 'a"b', '401 malformed'],
    ['of two headers', 'a, Bearer b', '400 authorization'],
    ['empty', '', '401 malformed'],
    ['of padding', '==', '401 malformed'],
    ['padded within', 'a=b', '401 malformed'],
    ['not ASCII', 'ä', '401 malformed'],
    ['of 8 KiB and a byte', 'a'.repeat(8_193), '431 authorization'],
  ])('is never sent anywhere %s', async (_, token, outcome) => {
    const { ask } = open()
    // the header loses what stands at its end
    expect(await ask(token)).toBe(token === '' ? '401 scheme' : outcome)
    expect(asked).toEqual([])
  })

  it('is over for whom all was ended after it was made', async () => {
    const { ask, gateway } = open()
    expect(await ask('opaque-0', '/strict')).toBe('200 machine-0')
    const body = JSON.stringify({ issuer, subject: 'machine-0' })
    const headers = { authorization: `Bearer ${adminSecret}` }
    const request = new Request(`${at}/.sallyport/admin/sessions/end`, { method: 'POST', headers, body })
    expect((await gateway.endpoints.fetch(request)).status).toBe(204)
    expect(await ask('opaque-0', '/strict')).toBe('401 revoked')
  })
})

describe('one token of two issuers, at an origin each', () => {
  it('is two: what is known of one, and of its end, is nothing to the other', async () => {
    const origin = (name: string) => ({
      name,
      host: `${name}.example.com`,
      upstream: 'https://api.example.net',
      bearer: [name],
      freshness: 30,
      identity: { headers: { 'X-Remote-User': 'subject' } },
      rules: [{ path: '/*', access: 'signed-in' }],
    })
    const issuers = Object.fromEntries(
      ['a', 'b'].map((name) => {
        const url = `https://${name}.example.net/introspect`
        const of = { issuer: `https://${name}.example.net`, introspection: { ...corp.introspection, url } }
        return [name, { ...corp, ...of }]
      }),
    )
    const { ask, gateway } = openTestGateway({ issuers, origins: [origin('a'), origin('b')] }, environment, {
      now: () => now,
      store: createMemoryStore(() => now),
      fetch: async (url) => Response.json(good({ iss: new URL(url).origin, sub: `${new URL(url).host[0]}-0` })),
    })
    const headers = { authorization: `Bearer ${adminSecret}` }
    const body = JSON.stringify({ issuer: 'https://b.example.net', subject: 'b-0' })
    await gateway.endpoints.request(`${at}/.sallyport/admin/sessions/end`, { method: 'POST', headers, body })
    const outcome = async (host: string) => {
      const { answer, sent } = await ask(`GET https://${host}.example.com/`, { authorization: 'Bearer x' })
      return `${answer.status} ${sent.get('x-remote-user') ?? ''}`
    }
    expect([await outcome('a'), await outcome('b')]).toEqual(['200 a-0', '401 '])
  })
})

describe('a JWT at an issuer that can be asked', () => {
  it('is verified by its signature, and nobody is asked about it', async () => {
    const signer = await createTestIssuer(issuer, () => now)
    const { ask } = open({ jwks: signer.jwks, algorithms: ['RS256'] })
    expect(await ask(await signer.token({ aud: 'api' }))).toBe('200 user-0')
    expect(await ask(await signer.token({ aud: 'other' }))).toBe('401 audience')
    expect(await ask('made.up.token')).toBe('401 malformed')
    expect(asked).toEqual([])
    expect(await ask('opaque-0')).toBe('200 machine-0')
  })

  it('is refused where the issuer signs none, and no keys are fetched', async () => {
    const signer = await createTestIssuer(issuer, () => now)
    expect(await open().ask(await signer.token({ aud: 'api' }))).toBe('401 algorithm')
    expect(asked).toEqual([])
  })
})

describe('how often an issuer is asked', () => {
  it('about one token not again while the rule believes the last answer', async () => {
    const { ask } = open()
    for (const path of ['/', '/write', '/']) await ask('opaque-0', path)
    now += 29
    await ask('opaque-0')
    expect(questions()).toHaveLength(1)
    now += 1
    await ask('opaque-0')
    expect(questions()).toHaveLength(2)
    await ask('opaque-0', '/strict')
    expect(questions()).toHaveLength(3)
  })

  it('never believes past the end of the token', async () => {
    answer = () => Response.json(good({ exp: start + 10 }))
    const { ask } = open()
    expect(await ask('opaque-0')).toBe('200 machine-0')
    now += 10
    expect(await ask('opaque-0')).toBe('401 expired')
  })

  it('learns of a token that was withdrawn, on every rule', async () => {
    const { ask } = open()
    await ask('opaque-0')
    answer = () => Response.json({ active: false })
    expect(await ask('opaque-0')).toBe('200 machine-0')
    expect(await ask('opaque-0', '/strict')).toBe('401 inactive')
    expect(await ask('opaque-0')).toBe('401 inactive')
  })

  it('and an answer that was overtaken by a withdrawal counts no more', async () => {
    const answers: ((response: Response) => void)[] = []
    const { ask } = open({ introspection: { ...corp.introspection, url: `${issuer}/i` } })
    answer = () => new Promise((resolve) => answers.push(resolve))
    const first = ask('opaque-0', '/strict')
    await expect.poll(() => answers.length).toBe(1)
    now += 0.1
    const second = ask('opaque-0', '/strict')
    await expect.poll(() => answers.length).toBe(2)
    answers[1]?.(Response.json({ active: false }))
    expect(await second).toBe('401 inactive')
    answers[0]?.(Response.json(good()))
    expect(await first).toBe('401 inactive')
    expect(await ask('opaque-0')).toBe('401 inactive')
  })

  it('nor does what was known before, once the issuer has said no and then says nothing', async () => {
    const answers: ((response: Response) => void)[] = []
    const { ask } = open({ introspection: { ...corp.introspection, url: `${issuer}/i` } })
    await ask('opaque-0')
    answer = () => new Promise((resolve) => answers.push(resolve))
    const first = ask('opaque-0', '/stale')
    await expect.poll(() => answers.length).toBe(1)
    const second = ask('opaque-0', '/strict')
    await expect.poll(() => answers.length).toBe(2)
    answers[1]?.(Response.json({ active: false }))
    expect(await second).toBe('401 inactive')
    answers[0]?.(new Response(null, { status: 500 }))
    expect(await first).toMatch(/^503/)
  })

  it('once for all who come with the token meanwhile', async () => {
    let release: (response: Response) => void = () => undefined
    answer = () => new Promise((resolve) => (release = resolve))
    const { ask } = open({ introspection: { ...corp.introspection, url: `${issuer}/i` } })
    const all = Array.from({ length: 50 }, () => ask('opaque-0'))
    await expect.poll(() => asked.length).toBe(1)
    release(Response.json(good()))
    expect(new Set(await Promise.all(all))).toEqual(new Set(['200 machine-0']))
    expect(questions()).toHaveLength(1)
  })

  it('not again at once about a token that does not hold', async () => {
    answer = () => Response.json({ active: false })
    const { ask } = open()
    for (const path of ['/', '/strict', '/']) expect(await ask('opaque-0', path)).toBe('401 inactive')
    expect(questions()).toHaveLength(1)
    now += refusedSeconds
    answer = () => Response.json(good())
    expect(await ask('opaque-0')).toBe('200 machine-0')
  })

  it.each([
    ['inactive', () => Response.json({ active: false })],
    ['good for others', () => Response.json(good({ aud: 'other' }))],
    ['answered with an error', () => new Response('no', { status: 500 })],
    ['not answered as they must be', () => Response.json({})],
  ])('so many times a second about tokens of strangers that are %s, and whoever is known passes', async (_, bad) => {
    answer = (token) => (token === 'opaque-0' ? Response.json(good()) : bad())
    const { ask } = open()
    await ask('opaque-0', '/strict')
    asked.length = 0
    for (let at = 0; at < 200; at++) await ask(`made-up-${at}`)
    expect(questions()).toHaveLength(unknownPerSecond)
    expect(await ask('made-up-200')).toBe('503 corp too many unknown tokens at once')
    expect(await ask('opaque-0', '/strict')).toBe('200 machine-0')
    now += 1
    for (let at = 300; at < 400; at++) await ask(`made-up-${at}`)
    expect(questions()).toHaveLength(2 * unknownPerSecond + 1)
  })

  it('as often as new tokens come that hold', async () => {
    const { ask } = open()
    for (let at = 0; at < 5 * unknownPerSecond; at++) expect(await ask(`opaque-${at}`)).toBe('200 machine-0')
  })

  it('for discovery not again at once when that failed', async () => {
    discovery = () => new Response(null, { status: 500 })
    const { ask } = open()
    for (let at = 0; at < 5; at++) expect(await ask(`opaque-${at}`)).toMatch(/^503 corp the issuer/)
    expect(asked).toHaveLength(1)
    now += 5
    discovery = () => Response.json({ issuer, introspection_endpoint: `${issuer}/introspect` })
    expect(await ask('opaque-0')).toBe('200 machine-0')
  })

  it('at the address that was known while discovery fails', async () => {
    const { ask } = open()
    await ask('opaque-0')
    discovery = () => new Response(null, { status: 500 })
    now += 3_600
    expect(await ask('opaque-1')).toBe('200 machine-0')
  })
})

describe('an issuer that can’t be believed, or asked, lets nobody in and throws nobody out', () => {
  const rows: readonly [string, Answer, string][] = [
    ['refuses our client', () => new Response('{}', { status: 401 }), 'introspection answered 401'],
    ['has nothing there', () => new Response('{}', { status: 404 }), 'introspection answered 404'],
    ['redirects', () => new Response(null, { status: 302, headers: { location: 'https://evil.test' } }), '302'],
    ['says nothing', () => new Response(''), 'not answer in JSON'],
    ['speaks HTML', () => new Response('<html>'), 'not answer in JSON'],
    ['answers null', () => Response.json(null), 'whether the token is active'],
    ['answers a list', () => Response.json([good()]), 'whether the token is active'],
    ['doesn’t say whether', () => Response.json({ sub: 'x' }), 'whether the token is active'],
    ['says "true"', () => Response.json(good({ active: 'true' })), 'whether the token is active'],
    ['says 1', () => Response.json(good({ active: 1 })), 'whether the token is active'],
    ['inherits it', () => new Response('{"__proto__":{"active":true}}'), 'whether the token is active'],
    ['says far too much', () => new Response('x'.repeat(40_000)), 'larger than'],
    ['breaks off', () => Promise.reject(new TypeError('secret opaque-0')), 'TypeError'],
  ]
  it.each(rows)('%s', async (_, said, cause) => {
    answer = said
    const opened = open()
    expect(await opened.ask('opaque-0')).toMatch(/^503 corp /)
    expect(await opened.ask('opaque-0')).toContain(cause)
    expect(opened.lines.join()).not.toContain('opaque-0')
    answer = () => Response.json(good())
    expect(await opened.ask('opaque-0')).toBe('200 machine-0')
  })

  it.each(rows)('%s: whoever was known stays so where the rule says for how long', async (_, said) => {
    const { ask } = open()
    await ask('opaque-0', '/stale')
    answer = said
    expect(await ask('opaque-0', '/strict')).toMatch(/^503/)
    now += 59
    expect(await ask('opaque-0', '/stale')).toBe('200 machine-0')
    now += 1
    expect(await ask('opaque-0', '/stale')).toMatch(/^503/)
  })

  it('hangs: given up after the time-out, and the next is asked anew', async () => {
    answer = () => new Promise(() => undefined)
    const { ask } = open()
    expect(await ask('opaque-0')).toBe('503 corp TooSlow')
  })

  it.each([
    ['another issuer', { issuer: 'https://evil.example.com', introspection_endpoint: 'https://evil.example.com/i' }],
    ['no endpoint', { issuer }],
    ['an endpoint without TLS', { issuer, introspection_endpoint: 'http://id.example.com/i' }],
    ['an endpoint that is none', { issuer, introspection_endpoint: 'introspect' }],
  ])('has a discovery document of %s: the token goes nowhere', async (_, document) => {
    discovery = () => Response.json(document)
    expect(await open().ask('opaque-0')).toMatch(/^503 corp /)
    expect(questions()).toEqual([])
  })
})

describe('what an operator writes', () => {
  const origin = {
    name: 'api',
    host: 'a.test',
    upstream: 'https://a.example.net',
    rules: [{ path: '/*', access: 'signed-in' as const }],
  }
  const secret = { SECRET: 'x' }

  it.each([
    ['no way to judge a token', { introspection: undefined }, 'say how its tokens are judged'],
    ['keys without algorithms', { jwks: 'https://id.example.com/jwks' }, 'keys are of no use without algorithms'],
    ['no secret', { introspection: { clientId: 'a' } }, 'clientSecret'],
    [
      'a secret in the open',
      { introspection: { clientId: 'a', clientSecret: 'b' } },
      'name of an environment variable',
    ],
    ['an address that is none', { introspection: { ...corp.introspection, url: 'x' } }, 'http'],
    [
      'an address without TLS',
      { introspection: { ...corp.introspection, url: 'http://id.example.com/i' } },
      'would travel in the open',
    ],
    ['another key', { introspection: { ...corp.introspection, cache: 5 } }, 'cache'],
  ])('is refused with %s', (_, change, words) => {
    const issuers = { corp: { ...corp, ...change } }
    expect(problemsIn({ issuers, origins: [{ ...origin, bearer: ['corp'] }] }, secret).join()).toContain(words)
  })

  it('is refused where two issuers would see the tokens of each other', () => {
    const issuers = { corp, other: { ...corp, issuer: 'https://other.example.com' } }
    const found = (bearer: string[]) => lint(compiled({ issuers, origins: [{ ...origin, bearer }] }, secret))
    expect(found(['corp'])).toEqual([])
    expect(found(['corp', 'other']).map(({ message }) => message)).toEqual([
      'each of these issuers would be asked about the tokens of the other',
    ])
  })
})
