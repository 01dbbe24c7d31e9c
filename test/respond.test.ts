import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Refusal } from '../src/decision.ts'
import { style, styleHash } from '../src/page.ts'
import { isNavigation, respondRefused } from '../src/respond.ts'
import type { OriginConfig } from '../src/route/schema.ts'
import type { Route } from '../src/route/table.ts'
import { head } from './support/head.ts'
import { compiled, originOf } from './support/routes.ts'

const secret = 'sekrit'
const routeOf = (more: Partial<OriginConfig> = {}): Route => {
  const issuers = { corp: { issuer: 'https://i.example.com', audience: 'a', algorithms: ['RS256' as const] } }
  const { origins } = compiled({ issuers, origins: [originOf([{ path: '/*', access: 'signed-in' }], more)] })
  const route = origins[0]?.routes[0]
  if (!route) throw new Error('no route')
  return route
}
const answer = (
  refusal: Refusal,
  headers: Record<string, string> = {},
  route: Route | null = routeOf(),
  request = 'GET https://app.example.com/a?b=c',
) => {
  const asked = { head: head(request, headers), route, origin: route?.origin ?? null, requestId: 'id-1' }
  const made = respondRefused(refusal, asked)
  return {
    ...made,
    of: (name: string) =>
      made.headers
        .filter(([other]) => other === name)
        .map(([, value]) => value)
        .join(', ') || null,
  }
}
const page = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

describe('every reason has its answer', () => {
  const rows: readonly [refusal: Refusal, status: number, challenge: string | null][] = [
    [{ reason: 'ambiguous-path', fault: 'dot segment' }, 400, null],
    [{ reason: 'malformed', what: 'target' }, 400, null],
    [{ reason: 'malformed', what: 'host' }, 400, null],
    [{ reason: 'malformed', what: 'cookie' }, 400, null],
    [{ reason: 'malformed', what: 'authorization' }, 400, 'Bearer realm="app", error="invalid_request"'],
    [{ reason: 'malformed', what: 'origin' }, 400, null],
    [{ reason: 'malformed', what: 'handshake' }, 400, null],
    [{ reason: 'malformed', what: 'length' }, 400, null],
    [{ reason: 'malformed', what: 'body' }, 400, null],
    [{ reason: 'client-timeout', seconds: 30 }, 408, null],
    [{ reason: 'too-large', what: 'target' }, 414, null],
    [{ reason: 'too-large', what: 'cookie' }, 431, null],
    [{ reason: 'too-large', what: 'authorization' }, 431, null],
    [{ reason: 'too-large', what: 'headers' }, 431, null],
    [{ reason: 'too-large', what: 'body' }, 413, null],
    [{ reason: 'method-refused', method: secret }, 405, null],
    [{ reason: 'no-host', host: secret }, 404, null],
    [{ reason: 'no-rule' }, 404, null],
    [{ reason: 'no-credential' }, 401, 'Bearer realm="app"'],
    [{ reason: 'bad-token', fault: 'signature' }, 401, 'Bearer realm="app", error="invalid_token"'],
    [{ reason: 'bad-session', fault: 'expired' }, 401, 'Bearer realm="app"'],
    [{ reason: 'forged', from: secret }, 403, null],
    [{ reason: 'cross-origin', from: secret, lacks: 'origin' }, 403, null],
    [{ reason: 'not-allowed', needs: { roles: [secret] } }, 403, null],
    [
      { reason: 'missing-scope', scopes: ['a', 'b'] },
      403,
      'Bearer realm="app", error="insufficient_scope", scope="a b"',
    ],
    [{ reason: 'store-unavailable', cause: secret }, 503, null],
    [{ reason: 'keys-unavailable', issuer: secret, cause: secret }, 503, null],
    [{ reason: 'issuer-unavailable', issuer: secret, cause: secret }, 503, null],
    [{ reason: 'upstream-unreachable', cause: secret }, 502, null],
    [{ reason: 'upstream-timeout', seconds: 30 }, 504, null],
    [{ reason: 'fault', cause: secret }, 500, null],
  ]
  const route = routeOf({ bearer: ['corp'], cors: { origins: ['https://console.example.com'] } })
  it.each(rows)('%j: %s, %s', (refusal, status, challenge) => {
    const plain = answer(refusal, { origin: 'https://console.example.com', authorization: `Bearer ${secret}` }, route)
    const metadata = ', resource_metadata="https://app.example.com/.well-known/oauth-protected-resource"'
    expect([plain.status, plain.of('www-authenticate')]).toEqual([status, challenge && challenge + metadata])
    expect(plain.of('x-sallyport')).toBe('refused')
    expect(plain.of('x-request-id')).toBe('id-1')
    expect(plain.of('cache-control')).toBe('no-store')
    expect(plain.of('content-type')).toBe('application/problem+json')
    expect(plain.of('access-control-allow-origin')).toBe('https://console.example.com')
    expect(plain.of('vary')).toContain('Origin')
    expect(plain.of('retry-after') !== null).toBe(status === 503)
    expect(plain.of('allow') !== null).toBe(status === 405)
    expect(JSON.parse(plain.body ?? '')).toMatchObject({ status, requestId: 'id-1' })
    expect(JSON.stringify(plain)).not.toContain(secret)

    const shown = answer(refusal, page, route)
    expect([shown.status, shown.of('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
    expect(shown.of('content-security-policy')).toContain("default-src 'none'")
    expect(shown.body).toContain('<!doctype html>')
    expect(JSON.stringify(shown)).not.toContain(secret)

    expect(answer(refusal, {}, route, 'HEAD https://app.example.com/').body).toBeNull()
  })

  it('asks for a session where no token is taken', () => {
    expect(answer({ reason: 'no-credential' }).of('www-authenticate')).toBe('Session realm="app"')
  })

  it('is the same where no route was found', () => {
    expect(answer({ reason: 'no-host', host: 'x' }, {}, null)).toMatchObject({ status: 404 })
  })
})

describe('a navigation is sent to sign in, and nothing else is', () => {
  const here = routeOf({ signIn: '/login' })
  const elsewhere = routeOf({ signIn: 'https://sso.example.com/start?app=1#top' })
  const sentTo = (
    route: Route,
    request: string,
    headers: Record<string, string> = page,
    refusal: Refusal = { reason: 'no-credential' },
  ) => {
    const { status, of } = answer(refusal, headers, route, request)
    return status === 303 ? of('location') : status
  }

  it('with the way back: a path of this host, or its whole address', () => {
    expect(sentTo(here, 'GET https://app.example.com/a?b=c&d')).toBe('/login?return_to=%2Fa%3Fb%3Dc%26d')
    expect(sentTo(elsewhere, 'GET https://app.example.com/a')).toBe(
      'https://sso.example.com/start?app=1&return_to=https%3A%2F%2Fapp.example.com%2Fa#top',
    )
  })

  it.each(['//evil.net', '///evil.net', '//evil.net/a?b'])('never on to %s', (target) => {
    const location = sentTo(here, `GET https://app.example.com${target}`)
    expect(location).toBe('/login?return_to=%2F')
  })

  const rows: readonly [title: string, request: string, headers: Record<string, string>, isSent: boolean][] = [
    ['a browser', 'GET', page, true],
    ['HEAD', 'HEAD', page, true],
    ['an old browser', 'GET', { accept: 'text/html' }, true],
    ['XHTML', 'GET', { accept: 'application/xhtml+xml' }, true],
    ['POST', 'POST', page, false],
    ['fetch()', 'GET', { ...page, 'sec-fetch-mode': 'cors' }, false],
    ['a frame', 'GET', { ...page, 'sec-fetch-dest': 'iframe' }, false],
    ['an image', 'GET', { ...page, 'sec-fetch-dest': 'image' }, false],
    ['XMLHttpRequest', 'GET', { ...page, 'x-requested-with': 'XMLHttpRequest' }, false],
    ['curl', 'GET', { accept: '*/*' }, false],
    ['no Accept', 'GET', {}, false],
    ['an API', 'GET', { accept: 'application/json' }, false],
  ]
  it.each(rows)('%s', (_, method, headers, isSent) => {
    const request = `${method} https://app.example.com/a`
    expect(isNavigation(head(request, headers))).toBe(isSent)
    expect(sentTo(here, request, headers) !== 401).toBe(isSent)
  })

  it('not for what signing in won’t mend', () => {
    const request = 'GET https://app.example.com/a'
    expect(sentTo(here, request, page, { reason: 'not-allowed', needs: 'signed-in' })).toBe(403)
    expect(sentTo(here, request, page, { reason: 'missing-scope', scopes: ['a'] })).toBe(403)
    expect(sentTo(here, request, page, { reason: 'store-unavailable', cause: '' })).toBe(503)
    expect(sentTo(routeOf(), request)).toBe(401)
  })
})

describe('a form that came without a session', () => {
  const form = { ...page, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const here = routeOf({ signIn: '/login?a' })
  const post = 'POST https://app.example.com/save?to=//evil.net'
  const shown = (headers: Record<string, string>, refusal: Refusal = { reason: 'bad-session', fault: 'ended' }) =>
    answer(refusal, headers, here, post)
  const { 'sec-fetch-site': _, ...old } = form

  it('is told how to be sent again, and nothing of where it was sent', () => {
    const { status, body, of } = shown(form)
    expect([status, of('content-type'), of('cache-control')]).toEqual([401, 'text/html; charset=utf-8', 'no-store'])
    expect(body).toContain('<a href="/login?a&#38;return_to=%2F" target="_blank" rel="noopener">')
    expect(`${body}`).not.toContain('evil')
    expect(of('content-security-policy')).toContain("default-src 'none'")
  })

  it.each<[string, boolean, Record<string, string>]>([
    ['of our own page', true, form],
    ['of an old browser that says its origin', true, { ...old, origin: 'https://app.example.com' }],
    ['of another site', false, { ...form, 'sec-fetch-site': 'cross-site' }],
    ['of a sibling', false, { ...form, 'sec-fetch-site': 'same-site' }],
    ['of nobody knows where', false, { ...form, 'sec-fetch-site': 'none' }],
    ['of a word that is none', false, { ...form, 'sec-fetch-site': 'same-origin, cross-site' }],
    ['of another site, that names ours', false, { ...form, 'sec-fetch-site': 'x', origin: 'https://app.example.com' }],
    ['of an old browser elsewhere', false, { ...old, origin: 'https://evil.net' }],
    ['of an old browser, by http', false, { ...old, origin: 'http://app.example.com' }],
    ['of an origin that is opaque', false, { ...old, origin: 'null' }],
    ['of an old browser that says nothing', false, old],
    ['of a script', false, { ...form, 'sec-fetch-mode': 'cors' }],
    ['in a frame', false, { ...form, 'sec-fetch-dest': 'iframe' }],
    ['of a program', false, { ...form, accept: '*/*' }],
  ])('may be sent again: one %s, %s', (_, isOffered, headers) => {
    expect(shown(headers).body?.includes('return_to') ?? false).toBe(isOffered)
  })

  it('is asked to sign in as the rule says, where that is what is missing', () => {
    const anew: Refusal = { reason: 'sign-in-anew', withinSeconds: 60, acr: ['mfa'] }
    const ours = routeOf({ signIn: '/.sallyport/sign-in' })
    expect(answer(anew, form, ours, post).body).toContain('return_to=%2F&#38;max_age=60&#38;acr_values=mfa')
    expect(shown(form, anew).body).not.toContain('return_to')
  })

  it('is not offered what wouldn’t help: where nobody signs in, and where they may not', () => {
    const nowhere = answer({ reason: 'no-credential' }, form, routeOf(), post)
    expect([nowhere.status, nowhere.of('content-type')]).toEqual([401, 'text/html; charset=utf-8'])
    expect(nowhere.body).not.toContain('again')
    expect(shown(form, { reason: 'not-allowed', needs: 'signed-in' }).body).not.toContain('return_to')
    expect(shown(form, { reason: 'store-unavailable', cause: '' }).body).not.toContain('return_to')
  })
})

it('the page’s style is the one that its policy names', () => {
  expect(styleHash).toBe(`sha256-${createHash('sha256').update(style).digest('base64')}`)
})
