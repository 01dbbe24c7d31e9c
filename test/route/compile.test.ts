import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/route/compile.ts'
import type { InheritedConfig } from '../../src/route/schema.ts'
import type { Route } from '../../src/route/table.ts'
import { compiled, originOf, problemsIn } from '../support/routes.ts'

type Option = keyof InheritedConfig

/** Each option that rules inherit: as the origin has it, as a rule overrides it, and what is read of it. */
const options: Readonly<
  Record<
    Option,
    { origin: InheritedConfig; rule: InheritedConfig; read(route: Route): unknown; want: readonly unknown[] }
  >
> = {
  timeouts: {
    origin: { timeouts: { firstByteSeconds: 7 } },
    rule: { timeouts: { firstByteSeconds: 3 } },
    read: (route) => route.forwarding.timeouts.firstByteSeconds,
    want: [30, 7, 3],
  },
  retries: { origin: { retries: 3 }, rule: { retries: 0 }, read: (route) => route.forwarding.retries, want: [1, 3, 0] },
  limits: {
    origin: { limits: { bodyBytes: 10 } },
    rule: { limits: { bodyBytes: 0 } },
    read: (route) => route.forwarding.maxBodyBytes,
    want: [null, 10, 0],
  },
  rewrite: {
    origin: { rewrite: { from: '/a', to: '/' } },
    rule: { rewrite: { from: '/b', to: '/c' } },
    read: (route) => route.forwarding.prefix,
    want: [null, { from: '/a', to: '' }, { from: '/b', to: '/c' }],
  },
  cookies: {
    origin: { cookies: { secure: true, sameSite: 'Lax' } },
    rule: { cookies: { httpOnly: true } },
    read: (route) => route.forwarding.cookies,
    want: [
      { secure: false, httpOnly: false, sameSite: null },
      { secure: true, httpOnly: false, sameSite: 'Lax' },
      { secure: false, httpOnly: true, sameSite: null },
    ],
  },
  freshness: {
    origin: { freshness: 9 },
    rule: { freshness: 0 },
    read: (route) => route.freshnessSeconds,
    want: [5, 9, 0],
  },
  staleIfError: {
    origin: { staleIfError: 60 },
    rule: { staleIfError: 0 },
    read: (route) => route.staleIfErrorSeconds,
    want: [0, 60, 0],
  },
  pass: {
    origin: { pass: { authorization: true, sessionCookie: true } },
    rule: { pass: {} },
    read: (route) => [route.passAuthorization, route.passSessionCookie],
    want: [
      [false, false],
      [true, true],
      [false, false],
    ],
  },
  identity: {
    origin: { identity: { headers: { 'X-User': 'subject' }, assertion: true } },
    rule: { identity: { headers: { 'X-Mail': 'claims.mail' }, encoding: 'base64url' } },
    read: (route) => route.identity,
    want: [
      null,
      { headers: [['x-user', ['subject']]], encoding: 'percent', assertion: true },
      { headers: [['x-mail', ['claims', 'mail']]], encoding: 'base64url', assertion: false },
    ],
  },
  cors: {
    origin: { cors: { origins: ['https://a.example'], credentials: true } },
    rule: { cors: 'none' },
    read: (route) => (typeof route.cors === 'object' ? (route.cors?.credentials ?? null) : route.cors),
    want: [null, true, null],
  },
  csrf: {
    origin: { csrf: 'exempt' },
    rule: { csrf: { siblings: true } },
    read: (route) => [route.csrf.exempt, route.csrf.siblings],
    want: [
      [false, false],
      [true, false],
      [false, true],
    ],
  },
  mode: {
    origin: { mode: 'report' },
    rule: { mode: 'enforce' },
    read: (route) => route.mode,
    want: ['enforce', 'report', 'enforce'],
  },
  headers: {
    origin: { headers: 'strict' },
    rule: { headers: { set: { 'X-Frame-Options': 'ALLOW' } } },
    read: (route) => Object.fromEntries([...route.headers.set, ...route.headers.setIfAbsent])['x-frame-options'],
    want: ['SAMEORIGIN', 'DENY', 'ALLOW'],
  },
}

const routesOf = (origin: InheritedConfig, rule: InheritedConfig): readonly Route[] =>
  compiled({
    origins: [
      originOf(
        [
          { path: '/a', access: 'signed-in', ...rule },
          { path: '/b', access: 'signed-in' },
        ],
        origin,
      ),
    ],
  }).origins[0]?.routes ?? []

describe('an option', () => {
  it.each(Object.entries(options))(
    '%s is inherited by the rule that is silent, and overridden by the one that is not',
    (_, { origin, rule, read, want }) => {
      expect(routesOf({}, {}).map(read)).toEqual([want[0], want[0]])
      expect(routesOf(origin, {}).map(read)).toEqual([want[1], want[1]])
      expect(routesOf(origin, rule).map(read)).toEqual([want[2], want[1]])
      expect(routesOf({}, rule).map(read)).toEqual([want[2], want[0]])
    },
  )

  it.each(Object.entries(options))(
    '%s that is written and undefined is as good as not written',
    (name, { origin, read, want }) => {
      const rule: Record<string, undefined> = { [name]: undefined }
      expect(routesOf(origin, rule).map(read)).toEqual([want[1], want[1]])
    },
  )
})

describe('{ env }', () => {
  const upstream = { env: 'APP_URL' }
  const gateway = {
    issuers: {
      corp: { issuer: { env: 'ISSUER' }, audience: { env: 'AUDIENCE' }, algorithms: ['RS256'], jwks: { env: 'JWKS' } },
      own: { issuer: 'https://own.example', audience: 'a', algorithms: ['HS256'], secret: { env: 'SECRET' } },
    },
    origins: [originOf([{ path: '/*', access: 'public' }], { upstream, bearer: ['corp', 'own'] })],
  } as const
  const good = {
    APP_URL: 'https://upstream.test/app/',
    ISSUER: 'https://issuer.example',
    AUDIENCE: 'https://api.example',
    JWKS: 'https://issuer.example/keys',
    SECRET: 's'.repeat(32),
  }

  it('is filled in, a slash at the end of an upstream left out', () => {
    const result = compile(gateway, good)
    expect(result.ok && result.value.origins[0]?.upstream).toEqual({ kind: 'url', base: 'https://upstream.test/app' })
    expect(result.ok && result.value.issuers.get('corp')).toMatchObject({
      issuer: good.ISSUER,
      audience: [good.AUDIENCE],
      keys: { kind: 'url', url: good.JWKS },
    })
  })

  it.each(Object.keys(good))('%s that is absent, empty or no text is told by its name', (name) => {
    for (const value of [undefined, '', 7, null, {}]) {
      const problems = problemsIn(gateway, { ...good, [name]: value })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toContain(name)
      expect(problems[0]).toContain('not set')
    }
  })

  const bad = [
    'ftp://h',
    'upstream.test',
    'https://u:sekrit@h',
    'https://h?x',
    'https://h#',
    'javascript:1',
    ' https://h',
  ]
  it.each(['APP_URL', 'ISSUER', 'JWKS'])('%s that is no address is told, and its value is not', (name) => {
    for (const value of bad) {
      const problems = problemsIn(gateway, { ...good, [name]: value })
      expect(problems.join('\n')).toContain(name)
      expect(problems.join('\n')).not.toContain('sekrit')
    }
  })

  it('never shows a secret, nor takes one that is short', () => {
    const problems = problemsIn(gateway, { ...good, SECRET: 'sekrit' })
    expect(problems.join('\n')).toMatch(/SECRET[\s\S]*32 bytes/)
    expect(problems.join('\n')).not.toContain('sekrit')
  })

  it('names an issuer that there is, or the configuration is refused', () => {
    const origins = [originOf([{ path: '/*', access: 'public' }], { bearer: ['corp', 'ghost'] })]
    expect(problemsIn({ ...gateway, origins }, good).join()).toMatch(/ghost[\s\S]*corp, own/)
  })
})

describe('an identity header', () => {
  it.each([
    'Cookie',
    'Host',
    'Set-Cookie',
    'Connection',
    'Transfer-Encoding',
    'Content-Length',
    'Content-Type',
    'Forwarded',
    'X-Forwarded-For',
    'x-forwarded-host',
    'X-Forwarded-User',
    'X-Request-Id',
    'X-Sallyport-Assertion',
    'Proxy-Authorization',
    'Upgrade',
    'Expect',
    'X_Remote_User',
    'X Remote User',
    'X-Remote-User:',
    '',
  ])('is never %j', (name) => {
    const rules = [{ path: '/*', access: 'signed-in', identity: { headers: { [name]: 'subject' } } }] as const
    expect(problemsIn({ origins: [originOf([...rules])] })).not.toEqual([])
  })

  it.each(['', 'Subject', 'claims', 'claims.', 'claims..a', 'subject.a', 'headers.x', '__proto__'])(
    'never comes from %j',
    (selector) => {
      const rules = [{ path: '/*', access: 'signed-in', identity: { headers: { 'X-User': selector } } }] as const
      expect(problemsIn({ origins: [originOf([...rules])] })).not.toEqual([])
    },
  )
})

describe('what isn’t a configuration', () => {
  const garbage = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true }),
    fc.json().map((text): unknown => JSON.parse(text)),
  )

  it('is told, never thrown', () => {
    fc.assert(
      fc.property(garbage, (config) => {
        const result = compile(config, {})
        expect(result.ok || result.error.length > 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is told wherever it stands in one', () => {
    const keys = ['name', 'host', 'upstream', 'session', 'bearer', 'paths', 'rules', 'signIn', ...Object.keys(options)]
    fc.assert(
      fc.property(fc.constantFrom(...keys), garbage, (key, value) => {
        const result = compile({ origins: [{ ...originOf([{ path: '/*', access: 'public' }]), [key]: value }] }, {})
        expect(result.ok || result.error.length > 0).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is told of a rule too', () => {
    const keys = ['path', 'methods', 'access', ...Object.keys(options)]
    fc.assert(
      fc.property(fc.constantFrom(...keys), garbage, (key, value) => {
        const rule = { path: '/*', access: 'signed-in', [key]: value }
        const result = compile({ origins: [{ ...originOf([]), rules: [rule] }] }, {})
        expect(result.ok || result.error.length > 0).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['__proto__', 'constructor', 'toString', 'Rules', 'acess'])('has no key %s', (key) => {
    const rule = JSON.parse(`{"path":"/*","access":"public","${key}":"public"}`) as never
    expect(problemsIn({ origins: [originOf([rule])] })).not.toEqual([])
  })
})
