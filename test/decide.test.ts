import { describe, expect, it } from 'vitest'
import type { Authenticator, Terms } from '../src/authenticate/authenticate.ts'
import { decide } from '../src/decide.ts'
import type { Refusal } from '../src/decision.ts'
import type { Credential, Principal } from '../src/principal.ts'
import { err, ok, type Result } from '../src/result.ts'
import { createTable } from '../src/route/table.ts'
import { makeCookieValue } from '../src/session/cookie.ts'
import { openTestGateway } from './support/gateway.ts'
import { head } from './support/head.ts'
import { principal } from './support/principal.ts'
import { compiled, originOf } from './support/routes.ts'

const config = {
  issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'a', algorithms: ['RS256' as const] } },
  origins: [
    originOf(
      [
        { path: '/public/*', access: 'public' },
        { path: '/optional', access: 'optional' },
        { path: '/admin', access: { roles: ['admin'] } },
        { path: '/scoped', access: { scopes: ['write'] } },
        { path: '/members', access: { all: ['signed-in', { not: { roles: ['banned'] } }] } },
        { path: '/shared', access: 'signed-in', cors: { origins: ['https://console.example.com'] } },
        { path: '/posted', methods: ['POST'], access: 'signed-in' },
        { path: '/fresh', access: 'signed-in', freshness: 0 },
        { path: '/upstream', access: 'signed-in', cors: 'upstream' },
      ],
      { bearer: ['corp'] },
    ),
  ],
}
const { origins, issuers } = compiled(config)
const cookie = `__Host-sallyport=${makeCookieValue()}`
const bearer = 'Bearer aaa.bbb.ccc'
const many = Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`x-${at}`, 'a']))
const preflight = { origin: 'https://console.example.com', 'access-control-request-method': 'GET' }
const member = principal({ roles: ['member'] })

type Answered = Result<Principal | null, Refusal>

/** What is decided, in a word, and what the authenticator was asked. */
async function ask(request: string, headers: Record<string, string> = {}, answer: Answered = ok(member)) {
  const asked: { credential: Credential; terms: Terms }[] = []
  const authenticate: Authenticator = async (credential, terms) => {
    asked.push({ credential, terms })
    return credential.kind === 'none' ? ok(null) : answer
  }
  const [method, target] = request.split(' ')
  const url = target?.startsWith('/') ? `https://app.example.com${target}` : target
  const decision = await decide(
    { table: createTable(origins), issuers, csrf: null, authenticate, now: () => Date.now() / 1000 },
    head(`${method} ${url}`, headers),
    () => undefined,
  )
  const word = decision.kind === 'refuse' ? decision.refusal.reason : decision.kind
  return { word, decision, asked, kinds: asked.map(({ credential }) => credential.kind).join() }
}

describe('the path of a request, in the order it takes it', () => {
  const rows: readonly [title: string, request: string, headers: Record<string, string>, word: string, read: string][] =
    [
      ['TRACE reflects credentials', 'TRACE /public/a', {}, 'method-refused', ''],
      ['TRACK is TRACE to IIS', 'TRACK /public/a', {}, 'method-refused', ''],
      ['CONNECT is a tunnel', 'CONNECT /public/a', {}, 'method-refused', ''],
      ['a method in lower case', 'patch /public/a', {}, 'method-refused', ''],
      ['TRACE in lower case', 'trace /public/a', {}, 'method-refused', ''],
      ['no method', ' /public/a', {}, 'method-refused', ''],
      ['a method of WebDAV', 'VERSION-CONTROL /public/a', {}, 'forward', ''],
      ['an unknown host', 'GET https://evil.net/public/a', {}, 'no-host', ''],
      ['the host in another case, with a port', 'GET https://APP.example.com:444/public/a', {}, 'forward', ''],
      ['a host with userinfo', 'GET https://app.example.com@evil.net/public/a', {}, 'malformed', ''],
      ['no host', 'GET https:///public/a', {}, 'malformed', ''],
      ['a host without end', `GET https://${'a.'.repeat(200)}example.com/public/a`, {}, 'malformed', ''],
      ['a port past the last one', 'GET https://app.example.com:65536/public/a', {}, 'malformed', ''],
      ['an unknown host before an ambiguous path', 'GET https://evil.net/..', {}, 'no-host', ''],
      ['an ambiguous path before a rule', 'GET /public/../admin', {}, 'ambiguous-path', ''],
      ['a path too long', `GET /public/${'a'.repeat(9000)}`, {}, 'too-large', ''],
      ['more headers than any browser sends, and a public page', 'GET /public/a', many, 'too-large', ''],
      ['the same, and a good credential', 'GET /members', { ...many, authorization: bearer }, 'too-large', 'bearer'],
      ['the same, and no credential', 'GET /members', many, 'no-credential', 'none'],
      [
        'the same, as a preflight that the upstream answers',
        'OPTIONS /upstream',
        { ...many, ...preflight },
        'too-large',
        '',
      ],
      ['a header without end', 'GET /public/a', { 'x-big': 'a'.repeat(32_768) }, 'too-large', ''],
      ['no rule', 'GET /nothing', { cookie }, 'no-rule', ''],
      ['no rule for this method', 'GET /posted', { cookie }, 'no-rule', ''],
      [
        'no rule, though a header speaks of another path',
        'GET /nothing',
        { 'x-original-url': '/public/a' },
        'no-rule',
        '',
      ],
      [
        'a guard, though a header speaks of another path',
        'GET /admin',
        { 'x-forwarded-uri': '/public/a', 'x-rewrite-url': '/public/a' },
        'no-credential',
        'none',
      ],
      [
        'a guard, though a header speaks of another method',
        'GET /posted',
        { 'x-http-method-override': 'POST' },
        'no-rule',
        '',
      ],
      [
        'a guard, though a header marks it as internal',
        'GET /admin',
        { 'x-middleware-subrequest': 'middleware' },
        'no-credential',
        'none',
      ],
      [
        'a guard, though a header speaks of another host',
        'GET https://evil.net/public/a',
        { 'x-forwarded-host': 'app.example.com' },
        'no-host',
        '',
      ],
      [
        'a guard, though the User-Agent checks health',
        'GET /admin',
        { 'user-agent': 'GoogleHC/1.0' },
        'no-credential',
        'none',
      ],
      ['a guard, though the query speaks of a public path', 'GET /admin?x=/public/a', {}, 'no-credential', 'none'],
      ['public reads no credential', 'GET /public/a', { cookie, authorization: bearer }, 'forward', ''],
      [
        'public reads no bad credential',
        'GET /public/a',
        { cookie: `${cookie}; ${cookie}`, authorization: 'Bearer' },
        'forward',
        '',
      ],
      [
        'public may be posted to from anywhere',
        'POST /public/a',
        { cookie, origin: 'https://evil.net' },
        'forward',
        '',
      ],
      [
        'a preflight reads no credential',
        'OPTIONS /shared',
        { origin: 'https://console.example.com', 'access-control-request-method': 'GET', cookie },
        'preflight',
        '',
      ],
      [
        'a preflight to a rule without CORS is a request',
        'OPTIONS /admin',
        { origin: 'https://evil.net', 'access-control-request-method': 'GET' },
        'no-credential',
        'none',
      ],
      [
        'a preflight announces the method',
        'OPTIONS /posted',
        { origin: 'https://evil.net', 'access-control-request-method': 'GET' },
        'no-rule',
        '',
      ],
      ['OPTIONS alone is a request', 'OPTIONS /shared', {}, 'no-credential', 'none'],
      ['no credential', 'GET /members', {}, 'no-credential', 'none'],
      ['a session', 'GET /members', { cookie }, 'forward', 'session'],
      ['a token', 'GET /members', { authorization: bearer }, 'forward', 'bearer'],
      ['both: the token decides alone', 'GET /members', { authorization: bearer, cookie }, 'forward', 'bearer'],
      ['an unreadable token beside a session', 'GET /members', { authorization: 'Bearer a', cookie }, 'bad-token', ''],
      ['another scheme beside a session', 'GET /members', { authorization: 'Basic YTpi', cookie }, 'bad-token', ''],
      ['bearer in lower case', 'GET /members', { authorization: 'bearer aaa.bbb.ccc' }, 'bad-token', ''],
      ['two tokens', 'GET /members', { authorization: `${bearer}, ${bearer}` }, 'malformed', ''],
      ['a token of 100 KiB', 'GET /members', { authorization: `Bearer ${'a'.repeat(102_400)}` }, 'too-large', ''],
      ['the cookie twice', 'GET /members', { cookie: `${cookie}; ${cookie}` }, 'malformed', ''],
      ['a cookie that we never gave out', 'GET /members', { cookie: '__Host-sallyport=1' }, 'bad-session', ''],
      ['the cookie after a no-break space', 'GET /members', { cookie: `\u00a0${cookie}` }, 'malformed', ''],
      ['forged: before any look-up', 'POST /members', { cookie, origin: 'https://evil.net' }, 'forged', ''],
      ['forged: with nothing said', 'POST /members', { cookie }, 'forged', ''],
      ['a post of our own page', 'POST /members', { cookie, origin: 'https://app.example.com' }, 'forward', 'session'],
      [
        'a token can’t be forged with',
        'POST /members',
        { authorization: bearer, origin: 'https://evil.net' },
        'forward',
        'bearer',
      ],
      ['optional: nobody', 'GET /optional', {}, 'forward', 'none'],
      ['optional: somebody', 'GET /optional', { cookie }, 'forward', 'session'],
      [
        'optional: a malformed cookie is not nobody',
        'GET /optional',
        { cookie: '__Host-sallyport=x' },
        'bad-session',
        '',
      ],
      ['optional: a malformed token is not nobody', 'GET /optional', { authorization: 'Bearer' }, 'bad-token', ''],
      ['not allowed', 'GET /admin', { cookie }, 'not-allowed', 'session'],
      ['a scope is missing', 'GET /scoped', { authorization: bearer }, 'missing-scope', 'bearer'],
      ['{ not } is not for nobody', 'GET /members', {}, 'no-credential', 'none'],
    ]
  it.each(rows)('%s', async (_, request, headers, word, read) => {
    const asked = await ask(request, headers)
    expect([asked.word, asked.kinds]).toEqual([word, read])
  })
})

describe('what the authenticator refuses is refused, whatever the rule', () => {
  const refusals: readonly Refusal[] = [
    { reason: 'bad-token', fault: 'signature' },
    { reason: 'bad-session', fault: 'unknown' },
    { reason: 'store-unavailable', cause: 'down' },
    { reason: 'keys-unavailable', issuer: 'corp', cause: 'down' },
  ]
  for (const path of ['/optional', '/admin', '/members'])
    it.each(refusals)(`${path}: $reason`, async (refusal) => {
      expect((await ask(`GET ${path}`, { cookie }, err(refusal))).word).toBe(refusal.reason)
    })
})

it('says who was refused, and by which rule', async () => {
  const { decision } = await ask('GET /admin', { cookie })
  expect(decision.kind === 'refuse' && [decision.principal?.subject, decision.route?.path]).toEqual([
    'user-0',
    '/admin',
  ])
})

it('forwards anonymous as nobody, and public as nobody whoever comes', async () => {
  for (const path of ['/optional', '/public/a']) {
    const { decision } = await ask(`GET ${path}`, path === '/optional' ? {} : { cookie })
    expect(decision.kind === 'forward' && decision.principal).toBeNull()
  }
})

it('asks on the terms of the rule: its freshness, and the issuers of the origin', async () => {
  const [fresh, usual] = [await ask('GET /fresh', { cookie }), await ask('GET /members', { cookie })]
  expect(fresh.asked[0]?.terms.freshnessSeconds).toBe(0)
  expect(usual.asked[0]?.terms.freshnessSeconds).toBe(5)
  expect(usual.asked[0]?.terms.issuers.map(({ name }) => name)).toEqual(['corp'])
})

describe('an exception is a refusal, never a forward', () => {
  const boom = (): never => {
    throw new Error('boom sekrit')
  }
  const promises = { consistency: 'strong', atomic: true, stalenessSeconds: 0 } as const
  const store = { read: boom, write: boom, swap: boom, raise: boom, delete: boom, list: boom, promises }
  const asked = head('GET https://app.example.com/', { cookie })
  let reads = 0
  const headers = {
    get: (name: string) => (name === 'cookie' && reads++ === 0 ? boom() : null),
    [Symbol.iterator]: () => [].values(),
  }
  const rows = [
    ['the store', asked, 503],
    ['the reading of a cookie', { ...asked, headers }, 500],
  ] as const
  it.each(rows)('of %s', async (_, sent, status) => {
    const routes = { origins: [originOf([{ path: '/*', access: 'signed-in' }])] }
    const { gateway, entries } = openTestGateway(routes, { SESSION_STORE: 'memory' }, { store })
    const begun = await gateway.begin(sent, () => undefined)
    expect(begun.kind === 'answer' && begun.answer.status).toBe(status)
    expect(JSON.stringify(begun)).not.toContain('sekrit')
    expect(entries[0]?.decision).toBe('refuse')
  })
})
