import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planForward } from '../../src/forward/forward.ts'
import { compile } from '../../src/route/compile.ts'
import { readTarget, strictPaths } from '../../src/route/path.ts'
import type { Origin } from '../../src/route/table.ts'
import { head } from '../support/head.ts'
import { compiled, originOf } from '../support/routes.ts'

const open = { encodedSlash: true, pathParameters: true, emptySegments: true, caseInsensitive: false }
const routeTo = (upstream: Parameters<typeof originOf>[1]) => {
  const [route] =
    compiled({ origins: [originOf([{ path: '/*', access: 'public' }], upstream)] }).origins[0]?.routes ?? []
  if (!route) throw new Error('no route')
  return route
}
const parts = { isDropped: () => false, name: 'gate', inOrder: (origin: Origin) => origin.upstreams, random: () => '0' }

function urlOf(
  route: ReturnType<typeof routeTo>,
  raw: string,
  options = open,
  host = 'app.example.com',
): string | null {
  return planOf(route, raw, options, host)?.url ?? null
}

function planOf(
  route: ReturnType<typeof routeTo>,
  raw: string,
  options = open,
  host = 'app.example.com',
  headers: Readonly<Record<string, string>> = {},
) {
  const target = readTarget(raw, options)
  if (!target.ok) return null
  const forward = { kind: 'forward', route, target: target.value, principal: null } as const
  const asked = head(`GET https://${host}${raw}`, headers)
  return planForward(parts, forward, asked, 'id', { assertion: null, accessToken: null })
}

const host = fc.constantFrom('upstream.test', 'upstream.test:8443', '[::1]:9', '127.0.0.1')
const folder = fc.stringMatching(/^(?:\/[\w~-]{1,8}){0,3}$/)
const slashes = fc.constantFrom('', '/', '//')
const segment = fc.constantFrom(
  'a',
  '..',
  '.',
  '%2e%2e',
  '%2F',
  '',
  ';x=1',
  '@evil.test',
  ':80',
  'a%20b',
  '%C3%A9',
  '%5c',
  '\\evil',
  'evil.test',
)
const search = fc.constantFrom('', '?', '?a=b', '?x=/../..', '?@evil.test', '?%00&%zz', "?'|^`{}")
const target = fc.tuple(fc.array(segment, { maxLength: 6 }), search).map(([path, rest]) => `/${path.join('/')}${rest}`)

describe('the address upstream', () => {
  it('is the base, then the path, then the query, byte for byte, for any base and any target that is accepted', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.constantFrom('http', 'https'), host, folder, slashes, target, (scheme, name, path, end, raw) => {
        const base = `${scheme}://${name}${path}`
        const url = urlOf(routeTo({ upstream: `${base}${end}` }), raw)
        if (url === null) return
        accepted += 1
        expect(url).toBe(`${base}${raw}`)
        // and no parser takes it for another host's, or for a path beside the base
        const parsed = new URL(url)
        expect(parsed.host).toBe(new URL(base).host)
        expect(parsed.username + parsed.password + parsed.hash).toBe('')
        expect(`${parsed.pathname}/`.startsWith(`${new URL(base).pathname.replace(/\/$/, '')}/`)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it.each(['//evil.test/a', '/@evil.test', '/:80@evil.test/', '/\\evil.test', '/..//evil.test'])(
    'keeps its host, or there is none: %s',
    (raw) => {
      for (const options of [open, strictPaths]) {
        const url = urlOf(routeTo({}), raw, options)
        if (url !== null) expect(new URL(url).host).toBe('upstream.test')
      }
    },
  )

  it('is never at a port that the client chose', () => {
    const route = routeTo({ upstream: 'same-host' })
    expect(urlOf(route, '/x', open, 'app.example.com:8443')).toBe('https://app.example.com/x')
  })

  it('is the host’s own for same-host and for a binding, which the platform resolves', () => {
    for (const upstream of ['same-host', { binding: 'APP' }] as const)
      expect(urlOf(routeTo({ upstream }), '/a?b')).toBe('https://app.example.com/a?b')
  })

  it.each([
    'https://h?',
    'https://h/?x',
    'https://h#',
    'https://u@h',
    'https://u:p@h',
    'https:///h',
    'ftp://h',
    '//h',
    'h',
  ])('has no base that would swallow a path: %s', (upstream) =>
    expect(compile({ origins: [originOf([{ path: '/*', access: 'public' }], { upstream })] }, {}).ok).toBe(false),
  )
})

describe('what caches on the way are told', () => {
  const told = (headers: Readonly<Record<string, string>>) =>
    planOf(routeTo({ upstream: 'https://upstream.test' }), '/a', strictPaths, 'app.example.com', headers)
      ?.headers.filter(([name]) => name === 'cache-control')
      .map(([, value]) => value)

  it.each([
    ['nothing', {}, 'no-store'],
    ['to ask again', { 'cache-control': 'max-age=0' }, 'no-store, max-age=0'],
    ['what never ends', { 'cache-control': 'a="' }, 'no-store, a="'],
    ['what it takes back', { 'cache-control': 'max-age=0', connection: 'cache-control' }, 'no-store, max-age=0'],
  ])('is to keep no person’s answer, where the client says %s', (_, said, want) =>
    expect(told({ cookie: 'a=1', ...said })).toEqual([want]),
  )

  it('is the client’s to say of what is for everybody', () => {
    expect(told({ 'cache-control': 'max-age=0' })).toEqual(['max-age=0'])
    expect(told({})).toEqual([])
  })
})
