import { describe, expect, test } from 'vitest'
import * as locales from 'zod/locales'
import * as z from 'zod/mini'
import { compile } from '../../src/route/compile.ts'
import { describeProblem, nearest } from '../../src/route/problem.ts'

const corp = { issuer: 'https://issuer.example.com', audience: 'a', algorithms: ['RS256'] }
const rule = { path: '/*', access: 'signed-in' }
const app = { name: 'app', host: 'app.example.com', upstream: 'https://u.example.net', bearer: ['corp'], rules: [rule] }
const origin = (more: object) => ({ issuers: { corp }, origins: [{ ...app, ...more }] })
const inRule = (more: object) => origin({ rules: [{ ...rule, ...more }] })
const issuer = (more: object) => ({ issuers: { corp: { ...corp, ...more } }, origins: [app] })
const endless: Record<string, unknown> = {}
endless['again'] = endless

const said = (config: unknown): string[] => {
  const compiled = compile(config, { SHORT: 'abc', EMPTY: '', LEGACY: 'legacy.example.net' })
  return compiled.ok ? [] : compiled.error.map(describeProblem)
}

describe('each mistake is told once: file, path, value, what to write', () => {
  test.each<[string, unknown, string, string, string]>([
    [
      'a key of an origin, misspelt',
      origin({ upsteam: 'x' }),
      'routes/app.ts: upsteam',
      '("x")',
      'did you mean "upstream"?',
    ],
    [
      'a key of a rule, misspelt',
      inRule({ acces: 1 }),
      'routes/app.ts: rules[0].acces',
      '(1)',
      'did you mean "access"?',
    ],
    [
      'a needed key, misspelt',
      origin({ rules: [{ path: '/*', acess: 'public' }] }),
      'rules[0].acess',
      '("public")',
      'did you mean "access"?',
    ],
    [
      'a key of access, misspelt',
      inRule({ access: { role: ['a'] } }),
      'rules[0].access.role',
      '(["a"])',
      'did you mean "roles"?',
    ],
    ['another', inRule({ access: { scope: ['a'] } }), 'rules[0].access.scope', '(["a"])', 'did you mean "scopes"?'],
    [
      'inside any',
      inRule({ access: { any: ['signed-in', { rols: ['a'] }] } }),
      'rules[0].access.any[1].rols',
      '(["a"])',
      'did you mean "roles"?',
    ],
    [
      'inside all inside any',
      inRule({ access: { all: [{ any: [{ claims: 'a', is: 1 }] }] } }),
      'access.all[0].any[0].claims',
      '("a")',
      'did you mean "claim"?',
    ],
    [
      'inside not',
      inRule({ access: { not: { roles: 'a' } } }),
      'rules[0].access.not.roles',
      '("a")',
      'write a list: ["a"]',
    ],
    ['a claim without a value', inRule({ access: { claim: 'a' } }), 'rules[0].access.is', 'missing', 'write a string'],
    [
      'two kinds of access in one',
      inRule({ access: { roles: ['a'], scopes: ['b'] } }),
      'rules[0].access.scopes',
      'can\'t stand beside "roles"',
      '{ all: [{ roles }, { scopes }] }',
    ],
    [
      'a word for access, misspelt',
      inRule({ access: 'signedin' }),
      'rules[0].access',
      '("signedin")',
      'did you mean "signed-in"?',
    ],
    ['a word in another case', inRule({ access: 'Public' }), 'rules[0].access', '("Public")', 'did you mean "public"?'],
    [
      'public among others',
      inRule({ access: { any: ['public', { roles: ['a'] }] } }),
      'rules[0].access.any[0]',
      '("public")',
      'write "signed-in", { roles }',
    ],
    ['no access', origin({ rules: [{ path: '/*' }] }), 'rules[0].access', 'missing', 'write "public", "optional"'],
    ['no rules', origin({ rules: undefined }), 'routes/app.ts: rules', 'missing', 'write a list'],
    ['no upstream', origin({ upstream: undefined }), 'routes/app.ts: upstream', 'missing', 'write a URL, { env }'],
    ['no host', origin({ host: undefined }), 'routes/app.ts: host', 'missing', 'write a host name'],
    [
      'text for a boolean',
      origin({ session: 'yes' }),
      'session',
      '("yes")',
      'write true, or { claims, clearSiteData, site }',
    ],
    ['text for a number', origin({ freshness: '5' }), 'freshness', '("5")', 'write a number, without quotes'],
    ['not a number', origin({ freshness: Number.NaN }), 'freshness', '(NaN)', 'write a number'],
    ['text for a list', inRule({ methods: 'GET' }), 'rules[0].methods', '("GET")', 'write a list: ["GET"]'],
    ['a number for text', inRule({ path: 3 }), 'rules[0].path', '(3)', 'write text, in quotes'],
    ['a host with a port', origin({ host: 'a.example:8080' }), 'host', '("a.example:8080")', 'without scheme or port'],
    [
      'a host with a scheme',
      origin({ host: 'https://a.example' }),
      'host',
      '("https://a.example")',
      'without scheme or port',
    ],
    ['every host', origin({ host: ['*'] }), 'host[0]', '("*")', '"*.example.com"'],
    ['a star within a host', origin({ host: 'a.*.example' }), 'host', '("a.*.example")', '"*.example.com"'],
    ['a relative upstream', origin({ upstream: '/legacy' }), 'upstream', '("/legacy")', 'write an http or https URL'],
    [
      'an upstream without scheme',
      origin({ upstream: 'legacy:8080' }),
      'upstream',
      '("legacy:8080")',
      'write an http or https URL',
    ],
    ['env, misspelt', origin({ upstream: { evn: 'APP' } }), 'upstream.evn', '("APP")', 'did you mean "env"?'],
    [
      'a variable in lower case',
      origin({ upstream: { env: 'app_url' } }),
      'upstream.env',
      '("app_url")',
      '"BILLING_URL"',
    ],
    [
      'a variable that is not set',
      origin({ upstream: { env: 'APP_URL' } }),
      'upstream.env',
      '("APP_URL")',
      'not set, or empty; set it in [vars]',
    ],
    ['a variable that is empty', origin({ upstream: { env: 'EMPTY' } }), 'upstream.env', '("EMPTY")', 'not set'],
    ['a variable that is no URL', origin({ upstream: { env: 'LEGACY' } }), 'upstream.env', '("LEGACY")', '"https://'],
    ['a method in lower case', inRule({ methods: ['get'] }), 'rules[0].methods[0]', '("get")', 'in capitals: "GET"'],
    ['TRACE', inRule({ methods: ['TRACE'] }), 'rules[0].methods[0]', '("TRACE")', 'never let through'],
    ['an empty list of rules', origin({ rules: [] }), 'rules', '([])', 'write at least one rule'],
    ['an empty list of origins', { origins: [] }, 'routes/index.ts: origins', '([])', 'write at least one origin'],
    [
      'an empty list of roles',
      inRule({ access: { roles: [] } }),
      'rules[0].access.roles',
      '([])',
      'an empty list says nothing',
    ],
    ['a star within a path', inRule({ path: '/a/*/b' }), 'rules[0].path', '("/a/*/b")', 'only as the last segment'],
    ['a path without slash', inRule({ path: 'admin' }), 'rules[0].path', '("admin")', '"/admin"'],
    [
      'one identity header by two spellings',
      origin({ identity: { headers: { 'X-User': 'subject', 'x-user': 'claims.email' } } }),
      'identity.headers',
      '"X-User"',
      'two of these names are one',
    ],
    ['an issuer, misspelt', origin({ bearer: ['crop'] }), 'bearer', '("crop")', 'did you mean "corp"?'],
    ['an issuer that is none', origin({ bearer: ['nobody'] }), 'bearer', '("nobody")', 'known issuers: corp'],
    [
      'an issuer in capitals',
      { issuers: { Corp: corp }, origins: [{ ...app, bearer: undefined }] },
      'routes/index.ts: issuers.Corp',
      '({',
      'in lower case',
    ],
    [
      'HS256 with a key set',
      issuer({ algorithms: ['HS256'], jwks: 'https://i.example/k' }),
      'issuers.corp',
      '({',
      'HS256 and { secret: { env } }',
    ],
    [
      'a secret that is too short',
      issuer({ algorithms: ['HS256'], secret: { env: 'SHORT' } }),
      'issuers.corp.secret.env',
      '("SHORT")',
      'npx sallyport secret',
    ],
    [
      'a secret in the file',
      issuer({ algorithms: ['HS256'], secret: 'hunter2' }),
      'issuers.corp.secret',
      'not shown',
      '{ env: "BILLING_URL" }',
    ],
    [
      'a private key in the file',
      issuer({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'hunter2' }] } }),
      'issuers.corp.jwks.keys[0]',
      'not shown',
      'write its public half',
    ],
    ['no algorithm', issuer({ algorithms: ['none'] }), 'issuers.corp.algorithms[0]', '("none")', '"RS256"'],
    ['no audience', issuer({ audience: undefined }), 'issuers.corp.audience', 'missing', 'the "aud"'],
    ['a function', inRule({ access: () => true }), 'rules[0].access', '(a function)', 'routes are data'],
    ['a regular expression', inRule({ path: /^\/a/ }), 'rules[0].path', '(/^\\/a/)', 'no regular expressions'],
    ['null', inRule({ access: null }), 'rules[0].access', '(null)', 'null says nothing'],
    ['a rule that is null', origin({ rules: [null] }), 'rules[0]', '(null)', 'write an object'],
    [
      'an origin that is a function',
      { origins: [() => 1] },
      'routes/index.ts: origins[0]',
      '(a function)',
      'routes are data',
    ],
    ['no object at all', 'routes', 'routes/index.ts: (the file)', '("routes")', 'write an object'],
    ['nothing at all', undefined, 'routes/index.ts: (the file)', 'missing', 'write an object'],
    [
      'an own __proto__',
      inRule(JSON.parse('{"__proto__":{"access":"public"}}')),
      'rules[0].__proto__',
      'unknown key',
      'known keys: path, methods, access',
    ],
    ['a word of a preset', origin({ headers: 'stric' }), 'headers', '("stric")', 'did you mean "strict"?'],
    ['an object that holds itself', origin({ cors: endless }), 'cors', '(an object)', '{ origins, ... }'],
    ['a big number', origin({ freshness: 5n }), 'freshness', '(5)', 'write a number'],
    [
      'a getter that throws',
      {
        get origins() {
          throw new Error('no')
        },
      },
      'routes/index.ts',
      "can't be read: no",
      'write plain data',
    ],
  ])('%s', (_, config, where, what, fix) => {
    const problems = said(config)
    expect(problems).toHaveLength(1)
    const [problem = ''] = problems
    expect(problem.startsWith('routes/')).toBe(true)
    expect(problem).toContain(`${where}`)
    expect(problem).toContain(what)
    expect(problem).toContain(fix)
  })

  test('a secret is never repeated', () => {
    expect(said(issuer({ algorithms: ['HS256'], secret: 'hunter2' })).join()).not.toContain('hunter2')
  })

  test('and in words of our own, where something else in the process loads all of zod', () => {
    const problems = (): string[] =>
      [
        inRule({ methods: 'GET' }),
        origin({ freshness: '5' }),
        origin({ rewrite: '/a' }),
        origin({ mode: 'dry' }),
      ].flatMap(said)
    const alone = problems()
    expect(alone).toHaveLength(4)
    z.config(locales.en())
    try {
      expect(problems()).toEqual(alone)
    } finally {
      z.config({ localeError: undefined })
    }
  })

  test('a rule without end is told, not thrown', () => {
    let access: unknown = 'signed-in'
    for (let depth = 0; depth < 20_000; depth++) access = { not: access }
    expect(said(inRule({ access }))).toEqual([expect.stringContaining("can't be read")])
  })
})

test('what is far from every known word has no nearest', () => {
  expect(nearest('frobnicate', ['path', 'access'])).toBeUndefined()
  expect(nearest('', ['path'])).toBeUndefined()
})
