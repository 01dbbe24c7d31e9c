import { describe, expect, it } from 'vitest'
import { isForSharedCaches, privateCacheControl } from '../../src/shield/cache.ts'
import { openTestGateway } from '../support/gateway.ts'
import { originOf } from '../support/routes.ts'

describe('what one person may keep and shared caches may not', () => {
  const rows: readonly [upstream: string | null, ours: string][] = [
    [null, 'no-store'],
    ['', 'no-store'],
    ['public', 'private'],
    ['public, max-age=60', 'private, max-age=60'],
    ['PUBLIC, Max-Age=60', 'private, max-age=60'],
    ['s-maxage=600', 'private'],
    ['max-age=60, s-maxage=600, proxy-revalidate', 'private, max-age=60'],
    ['no-cache', 'private, no-cache'],
    ['no-store', 'no-store'],
    ['private', 'private'],
    ['private, public', 'private'],
    ['no-store, public', 'no-store'],
    ['private="set-cookie", max-age=60', 'no-store'],
    ['no-cache="a, public", max-age=60', 'no-store'],
    [' , ,', 'private'],
  ]
  it.each(rows)('%j becomes %j', (upstream, ours) => expect(privateCacheControl(upstream)).toBe(ours))

  it.each(['public', 's-maxage=9', 'public,max-age=9', 'max-age=9', 'immutable', 'x', '', '""'])(
    'never leaves %j without private or no-store',
    (upstream) => {
      const directives = privateCacheControl(upstream).split(', ')
      expect(directives.includes('private') || directives.includes('no-store')).toBe(true)
      expect(directives).not.toContain('public')
      expect(directives.join()).not.toContain('s-maxage')
    },
  )

  it('knows the headers that shared caches obey before Cache-Control', () => {
    const names = ['cdn-cache-control', 'cloudflare-cdn-cache-control', 'surrogate-control', 'x-accel-expires']
    expect(names.filter(isForSharedCaches)).toEqual(names)
    expect(['cache-control', 'etag', 'vary'].filter(isForSharedCaches)).toEqual([])
  })
})

describe('an answer for one person', () => {
  const upstream: readonly [string, string][] = [
    ['cache-control', 'public, max-age=60'],
    ['cdn-cache-control', 'public, max-age=600'],
    ['surrogate-control', 'max-age=600'],
    ['expires', 'Thu, 01 Jan 2099 00:00:00 GMT'],
  ]
  const caching = ({ answer }: { answer: { headers: readonly (readonly [string, string])[] } }) =>
    answer.headers.filter(([name]) => /cache-control|surrogate|expires/.test(name))
  const open = (more: Parameters<typeof originOf>[1] = {}) =>
    openTestGateway(
      {
        origins: [
          originOf(
            [
              { path: '/public', access: 'public' },
              { path: '/*', access: 'optional' },
            ],
            more,
          ),
        ],
      },
      { SESSION_STORE: 'memory' },
    )

  it('says private, and nothing else to a shared cache', async () => {
    expect(caching(await open().ask('GET https://app.example.com/', {}, upstream))).toEqual([
      ['cache-control', 'private, max-age=60'],
    ])
  })

  it('is one on a public path too, for who comes with a cookie or a credential', async () => {
    for (const headers of [{ cookie: 'a=1' }, { authorization: 'Basic YTpi' }])
      expect(caching(await open().ask('GET https://app.example.com/public', headers, upstream))).toEqual([
        ['cache-control', 'private, max-age=60'],
      ])
    expect(caching(await open().ask('GET https://app.example.com/public', {}, upstream))).toEqual(upstream)
  })

  it('stays private under a table that takes Cache-Control away, and is what a table sets', async () => {
    const taken = open({ headers: { preset: 'legacy', remove: ['Cache-Control'] } })
    expect(caching(await taken.ask('GET https://app.example.com/', {}, upstream))).toEqual([
      ['cache-control', 'private, max-age=60'],
    ])
    const set = open({ headers: { set: { 'Cache-Control': 'public, max-age=5' } } })
    expect(caching(await set.ask('GET https://app.example.com/', {}, upstream))).toEqual([
      ['cache-control', 'public, max-age=5'],
    ])
  })
})
