import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultInHead, responseHeaders } from '../../src/forward/response-headers.ts'

const pass = (headers: readonly [string, string][], passesCors = false) =>
  responseHeaders(headers, {
    passesCors,
    addresses: { self: 'https://app.example.com', upstreams: [], prefix: null },
    cookies: { secure: false, httpOnly: false, sameSite: null },
    isShared: false,
  })

describe('what an upstream may not say', () => {
  it.each([
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'alt-svc',
    'x-request-id',
    'x-sallyport',
    'x-sallyport-assertion',
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'access-control-expose-headers',
  ])('%s', (name) =>
    expect(
      pass([
        [name, 'evil'],
        ['etag', '"a"'],
      ]),
    ).toEqual([['etag', '"a"']]),
  )

  it.each([
    [[['connection', 'x-hop']]],
    [[['connection', 'close, X-Hop']]],
    [[['connection', ' x-hop ,keep-alive']]],
    [
      [
        ['connection', 'keep-alive'],
        ['connection', 'x-hop'],
      ],
    ],
  ] as const)('what its Connection names: %j', (connection) => {
    const headers: [string, string][] = [
      ...connection.map(([name, value]) => [name, value] as [string, string]),
      ['x-hop', '1'],
      ['etag', '"a"'],
    ]
    expect(pass(headers)).toEqual([['etag', '"a"']])
  })

  it.each([
    ['Negotiate', null],
    ['NTLM', null],
    ['NTLM TlRMTVNTUAACAAAA==', null],
    ['negotiate , ntlm', null],
    ['Negotiate, NTLM, Basic realm="old"', 'Basic realm="old"'],
    ['Basic realm="old", NTLM', 'Basic realm="old"'],
    ['Basic realm="old", Negotiate YIIJ, Digest realm="b"', 'Basic realm="old", Digest realm="b"'],
    ['Basic realm="ntlm"', 'Basic realm="ntlm"'],
    ['Bearer realm="a", error="invalid_token"', 'Bearer realm="a", error="invalid_token"'],
  ])('a challenge that nobody can meet here: %s', (value, kept) =>
    expect(pass([['www-authenticate', value]])).toEqual(kept === null ? [] : [['www-authenticate', kept]]),
  )

  it.each(['keep-alive', 'close', 'Keep-Alive', ''])('a Connection that names nothing takes nothing: %j', (value) => {
    expect(
      pass([
        ['connection', value],
        ['x-hop', '1'],
      ]),
    ).toEqual([['x-hop', '1']])
  })

  it.each([
    '__Host-sallyport=v1..x; Path=/; Secure',
    '__Host-sallyport=; Max-Age=0',
    ' __host-SALLYPORT=x',
    '=__Host-sallyport=x',
  ])('a cookie of ours: %s', (value) => expect(pass([['set-cookie', value]])).toEqual([]))
})

describe('what passes', () => {
  it('CORS headers, where the upstream owns them', () => {
    const headers: [string, string][] = [['access-control-allow-origin', '*']]
    expect(pass(headers, true)).toEqual(headers)
  })

  const name = fc.stringMatching(/^[a-zA-Z0-9_.-]{1,12}$/).filter((text) => !/sallyport/i.test(text))
  const text = fc
    .stringMatching(/^[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{0,20}$/)
    .filter((value) => !/sallyport/i.test(value))
  const cookie = fc.tuple(
    name,
    text,
    fc.constantFrom('', '; Path=/', '; Expires=Thu, 01 Jan 2099 00:00:00 GMT', '; HttpOnly'),
  )
  const other = fc.tuple(
    fc.constantFrom('etag', 'x-a', 'vary', 'access-control-allow-origin', 'keep-alive', 'x-sallyport-x'),
    text,
  )

  it('every Set-Cookie that isn’t ours, each by itself, in order, whatever stands beside', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(cookie, other), { maxLength: 30 }), fc.boolean(), (parts, passesCors) => {
        const headers = parts.map((part): [string, string] =>
          part.length === 3 ? ['set-cookie', `${part[0]}=${part[1]}${part[2]}`] : [part[0], part[1]],
        )
        const cookies = (all: readonly (readonly [string, string])[]) => all.filter(([key]) => key === 'set-cookie')
        const ours: [string, string] = ['set-cookie', '__Host-sallyport=v1..evil; Path=/']
        const mixed = headers.flatMap((header) => [header, ours])
        expect(cookies(pass(mixed, passesCors))).toEqual(cookies(headers))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a head that is none', () => {
  const ok: [string, string][] = [['etag', '"a"']]
  it.each([
    ['a status below 200', { status: 199, headers: ok }],
    ['a status above 599', { status: 600, headers: ok }],
    ['a status that is no number', { status: Number.NaN, headers: ok }],
    ['a switch of protocols', { status: 101, headers: ok }],
    ['an empty name', { status: 200, headers: [['', 'a']] }],
    ['a name with a space', { status: 200, headers: [['x a', 'a']] }],
    ['a line break in a value', { status: 200, headers: [['x', 'a\r\nx-sallyport: b']] }],
    ['a NUL in a value', { status: 200, headers: [['x', 'a\0']] }],
    ['headers without end', { status: 200, headers: [['x', 'a'.repeat(65_536)]] }],
  ] as const)('%s', (_, head) => expect(faultInHead(head)).not.toBeNull())

  it('and one that is', () => {
    expect(faultInHead({ status: 200, headers: [...ok, ['x', 'tab\tand \u00e9']] })).toBeNull()
    expect(faultInHead({ status: 599, headers: [] })).toBeNull()
  })
})
