import { describe, expect, it } from 'vitest'
import { publicAddress } from '../../src/forward/address.ts'
import { isLoop, maxForwards, traceHeaders, via } from '../../src/forward/hops.ts'
import { rewriteLink } from '../../src/forward/links.ts'
import { rewriteSetCookie } from '../../src/forward/set-cookie.ts'
import { bagOf } from '../../src/head.ts'
import { createRandomHex } from '../../src/random.ts'

const addresses = {
  self: 'https://app.example.com',
  upstreams: [{ kind: 'url', base: 'http://legacy.internal:8080/base' }],
  prefix: { from: '/app', to: '/old' },
} as const
const soft = { secure: false, httpOnly: false, sameSite: null }

describe('an address of the upstream', () => {
  it.each([
    ['http://legacy.internal:8080/base/old/a?b#c', 'https://app.example.com/app/a?b#c'],
    ['https://legacy.internal/base/old', 'https://app.example.com/app/'],
    ['//legacy.internal:9/base/old/a', 'https://app.example.com/app/a'],
    ['HTTP://LEGACY.internal/base/old/a', 'https://app.example.com/app/a'],
    ['http://legacy.internal/elsewhere', 'https://app.example.com/elsewhere'],
    ['/base/old/a', '/app/a'],
    ['/base/older', '/older'],
    ['http://app.example.com/x', 'https://app.example.com/x'],
    ['https://other.example.com/base/old', 'https://other.example.com/base/old'],
    ['http://legacy.internal.evil.test/base', 'http://legacy.internal.evil.test/base'],
    ['http://legacy.internal@evil.test/', 'http://legacy.internal@evil.test/'],
    ['relative/path', 'relative/path'],
    ['?q', '?q'],
    ['mailto:a@b', 'mailto:a@b'],
  ])('%s → %s', (address, want) => expect(publicAddress(address, addresses)).toBe(want))
})

describe('where answers speak of addresses', () => {
  it.each([
    ['refresh', '5; url=http://legacy.internal/base/old/a', '5; url=https://app.example.com/app/a'],
    ['refresh', "0;URL='/base/old/a'", "0;URL='/app/a'"],
    [
      'link',
      '</base/old/a>; rel=next, <https://cdn.test/x>; rel=preload',
      '</app/a>; rel=next, <https://cdn.test/x>; rel=preload',
    ],
    ['content-location', '/base/old/a', '/app/a'],
    ['x-other', '/base/old/a', '/base/old/a'],
  ])('%s: %s', (name, value, want) => expect(rewriteLink(name, value, addresses)).toBe(want))
})

describe('a cookie of the upstream', () => {
  it.each([
    ['a=1; Domain=legacy.internal; Path=/base/old', 'a=1; Path=/app'],
    ['a=1; Path=/base/old/', 'a=1; Path=/app/'],
    ['a=1; Domain=.internal', 'a=1'],
    ['a=1; Domain=example.com', 'a=1; Domain=example.com'],
    ['__Host-a=1; Secure; Path=/', '__Host-a=1; Secure; Path=/'],
  ])('%s → %s', (value, want) => expect(rewriteSetCookie(value, addresses, soft)).toBe(want))
  it('for the root of the upstream is for the whole prefix that the root has here', () => {
    const mounted = { ...addresses, upstreams: [], prefix: { from: '/app', to: '' } }
    expect(rewriteSetCookie('a=1; Path=/', mounted, soft)).toBe('a=1; Path=/app')
    expect(rewriteSetCookie('a=1; Path=/x/', mounted, soft)).toBe('a=1; Path=/app/x/')
  })
  it('is hardened where it is soft, and only there', () => {
    const hard = { secure: true, httpOnly: true, sameSite: 'Lax' } as const
    expect(rewriteSetCookie('a=1', addresses, hard)).toBe('a=1; Secure; HttpOnly; SameSite=Lax')
    expect(rewriteSetCookie('a=1; samesite=none; secure', addresses, hard)).toBe('a=1; samesite=none; secure; HttpOnly')
    expect(rewriteSetCookie('a=1', { ...addresses, self: 'http://app' }, hard)).not.toContain('Secure')
  })
})

describe('the way a request has come', () => {
  it('is told, and a loop is seen', () => {
    expect(via('1.0 fred', 'gate')).toBe('1.0 fred, 1.1 gate')
    expect([isLoop('1.0 fred, 1.1 Gate', 'gate'), isLoop('1.1 gateway', 'gate'), isLoop(null, 'gate')]).toEqual([
      true,
      false,
      false,
    ])
  })
  it('keeps a trace that is one, and makes one otherwise', () => {
    const random = createRandomHex()
    const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(
      traceHeaders(
        bagOf([
          ['traceparent', good],
          ['tracestate', 'a=1'],
        ]),
        random,
      ),
    ).toEqual([
      ['traceparent', good],
      ['tracestate', 'a=1'],
    ])
    for (const bad of ['x', `ff${good.slice(2)}`, good.replace(/[1-9a-f](?=.*-01$)/g, '0')])
      expect(
        traceHeaders(
          bagOf([
            ['traceparent', bad],
            ['tracestate', 'a=1'],
          ]),
          random,
        ),
      ).toEqual([['traceparent', expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-00$/)]])
  })
  it('Max-Forwards counts down for OPTIONS alone', () => {
    const of = (method: string, value: string) => maxForwards(method, bagOf([['max-forwards', value]]))
    expect([of('OPTIONS', '3'), of('OPTIONS', '0'), of('OPTIONS', '-1'), of('GET', '0')]).toEqual([
      2,
      'here',
      null,
      null,
    ])
  })
})
