import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNameFilter, foldName, requestHeaders } from '../../src/forward/request-headers.ts'

const ours = [
  ['x-remote-user', 'ann'],
  ['x-forwarded-for', '192.0.2.1'],
] as const
const filter = createNameFilter(['X-Remote-User', 'X-Remote-Roles'])
const sent = (
  theirs: readonly (readonly [string, string])[],
  more: { authorization?: boolean; cookie?: boolean } = {},
) =>
  requestHeaders(new Headers(theirs.map(([name, value]) => [name, value])), ours, {
    isDropped: filter,
    isBare: false,
    isPersonal: false,
    isRead: false,
    passAuthorization: more.authorization ?? false,
    passedCookie: more.cookie ? '__Host-sallyport' : null,
  })
const theirs = (name: string, value = 'evil'): string =>
  JSON.stringify(sent([[name, value]]).filter(([, held]) => held.includes('evil')))

describe('what a client may not say', () => {
  it.each([
    'X-Remote-User',
    'x-REMOTE-user',
    'X_Remote_User',
    'x.remote.user',
    'X-Remote_User',
    'X~Remote!User',
    'X-Remote-Roles',
    'Remote-User',
    'REMOTE_USER',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Prefix',
    'X-Forwarded-Uri',
    'X_Forwarded_Anything',
    'X-Forwarded',
    'Forwarded',
    'X-Original-URL',
    'X-Original-Uri',
    'X-Rewrite-URL',
    'Destination',
    'Client-Cert',
    'Client-Cert-Chain',
    'X-Client-Cert',
    'X-ARR-ClientCert',
    'X-SSL-Client-Verify',
    'SSL_CLIENT_S_DN',
    'X-Sendfile-Type',
    'X_Accel_Mapping',
    'X-Script-Name',
    'X-Envoy-Original-Dst-Host',
    'X-Envoy-External-Address',
    'X-HTTP-Method-Override',
    'X-Method-Override',
    'X-Middleware-Subrequest',
    'X-Sallyport-Assertion',
    'X_Sallyport_Assertion',
    'X-Request-Id',
    'X-Real-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'Front-End-Https',
    'Script-Name',
    'Proxy',
    'Via',
    'Authorization',
    'Proxy-Authorization',
    'Transfer-Encoding',
    'TE',
    'Upgrade',
    'Keep-Alive',
  ])('%s', (name) => {
    expect(theirs(name)).toBe('[]')
  })

  it.each(['X-Other', 'Accept', 'X-Remote-Username', 'User-Agent', 'X-Forward'])('but it may say %s', (name) => {
    expect(theirs(name)).not.toBe('[]')
  })

  it('the name twice, or an empty value, changes nothing of ours', () => {
    const headers = sent([
      ['x-remote-user', ''],
      ['x-remote-user', 'evil'],
      ['x_remote_user', ''],
    ])
    expect(headers).toEqual(ours)
  })

  it('Connection removes what the client sent, and nothing of ours', () => {
    const headers = sent([
      ['connection', 'X-Remote-User, x-mine, close, X-Forwarded-For'],
      ['x-mine', '1'],
      ['x-kept', '1'],
    ])
    expect(headers).toEqual([['x-kept', '1'], ...ours])
  })

  it('its credential passes only where that is written, and the cookie of ours by itself', () => {
    const both = [
      ['authorization', 'Bearer t'],
      ['cookie', 'a=1; __Host-sallyport=v1.x; b=2'],
    ] as const
    expect(sent(both)).toEqual([['cookie', 'a=1; b=2'], ...ours])
    expect(sent(both, { authorization: true, cookie: true })).toEqual([...both, ...ours])
  })

  it.each([
    ['NTLM TlRMTVNTUAAB', false],
    ['negotiate YIIJ', false],
    ['Negotiate', false],
    ['NTLM\tTlRM', false],
    ['Basic YTpi, NTLM TlRM', false],
    ['Basic YTpi,negotiate', false],
    ['Basic YTpi', true],
    ['Digest username="ntlm", realm="negotiate"', true],
    ['NTLMv9 x', true],
    ['Bearer ntlm', true],
  ])('what would make a shared connection theirs never passes: %s', (authorization, passes) => {
    const header = ['authorization', authorization] as const
    expect(sent([header], { authorization: true })).toEqual(passes ? [header, ...ours] : ours)
  })
})

it('for any headers in any spelling, only ours go by the names that are ours', () => {
  const letter = (name: string) =>
    fc
      .array(fc.tuple(fc.boolean(), fc.constantFrom('-', '_', '.', '~', '!')), {
        minLength: name.length,
        maxLength: name.length,
      })
      .map((odd) =>
        [...name].map((char, at) => (char === '-' ? odd[at]?.[1] : odd[at]?.[0] ? char.toUpperCase() : char)).join(''),
      )
  const names = fc
    .constantFrom(
      'x-remote-user',
      'x-remote-roles',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-sallyport-assertion',
      'x-mine',
    )
    .chain(letter)
  const header = fc.tuple(names, fc.constantFrom('evil', ''))
  const connection = fc.array(names, { maxLength: 3 }).map((list): [string, string] => ['connection', list.join(', ')])
  fc.assert(
    fc.property(fc.array(fc.oneof(header, connection), { maxLength: 6 }), (list) => {
      const guarded = sent(list).filter(([name]) => filter(name))
      expect(guarded).toEqual(ours)
      expect(sent(list).filter(([name]) => foldName(name) === 'x-remote-user')).toHaveLength(1)
    }),
    { numRuns: 2000 },
  )
})
