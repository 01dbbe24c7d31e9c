import { describe, expect, it } from 'vitest'
import { headerOf } from '../support/gateway.ts'
import { openShielded, readableBy, self } from '../support/shielded.ts'

const friend = 'https://console.example.com'
const evil = 'https://evil.test'
type Row = readonly [what: string, method: string, headers: Record<string, string>, passes: boolean]

/** Go 1.25, net/http/csrf_test.go (TestCrossOriginProtection…): with one stricter end, for a session's sake. */
const go: readonly Row[] = [
  ['same-origin allowed', 'POST', { 'sec-fetch-site': 'same-origin' }, true],
  ['none allowed', 'POST', { 'sec-fetch-site': 'none' }, true],
  ['cross-site blocked', 'POST', { 'sec-fetch-site': 'cross-site' }, false],
  ['same-site blocked', 'POST', { 'sec-fetch-site': 'same-site' }, false],
  ['no header with no origin: refused here, where Go lets it through', 'POST', {}, false],
  ['no header with matching origin', 'POST', { origin: self }, true],
  ['no header with mismatched origin', 'POST', { origin: evil }, false],
  ['no header with null origin', 'POST', { origin: 'null' }, false],
  ['GET allowed', 'GET', { 'sec-fetch-site': 'cross-site' }, true],
  ['HEAD allowed', 'HEAD', { 'sec-fetch-site': 'cross-site' }, true],
  ['OPTIONS allowed', 'OPTIONS', { 'sec-fetch-site': 'cross-site' }, true],
  ['PUT blocked', 'PUT', { 'sec-fetch-site': 'cross-site' }, false],
  ['PATCH blocked', 'PATCH', { 'sec-fetch-site': 'cross-site' }, false],
  ['DELETE blocked', 'DELETE', { 'sec-fetch-site': 'cross-site' }, false],
  ['a trusted origin without the header', 'POST', { origin: friend }, true],
  ['a trusted origin with cross-site', 'POST', { origin: friend, 'sec-fetch-site': 'cross-site' }, true],
  ['an untrusted origin without the header', 'POST', { origin: 'https://attacker.example.com' }, false],
  [
    'an untrusted origin with cross-site',
    'POST',
    { origin: 'https://attacker.example.com', 'sec-fetch-site': 'cross-site' },
    false,
  ],
]

const more: readonly Row[] = [
  ['a same-origin form under no-referrer says null', 'POST', { origin: 'null', 'sec-fetch-site': 'same-origin' }, true],
  ['null from a sandboxed frame', 'POST', { origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
  ['a word that there isn’t', 'POST', { 'sec-fetch-site': 'SAME-ORIGIN' }, false],
  ['the word twice', 'POST', { 'sec-fetch-site': 'same-origin, same-origin' }, false],
  ['an empty word', 'POST', { 'sec-fetch-site': '' }, false],
  ['an empty word, though the origin is right', 'POST', { 'sec-fetch-site': '', origin: self }, false],
  ['cross-site, though the origin is right', 'POST', { 'sec-fetch-site': 'cross-site', origin: self }, false],
  ['the right host by http', 'POST', { origin: 'http://app.example.com' }, false],
  ['the right host at another port', 'POST', { origin: 'https://app.example.com:8443' }, false],
  ['a name that begins alike', 'POST', { origin: 'https://app.example.com.evil.test' }, false],
  ['a name that ends alike', 'POST', { origin: 'https://evil-app.example.com' }, false],
  ['a sibling, untold', 'POST', { origin: 'https://other.example.com' }, false],
  ['a Referer of ours', 'POST', { referer: `${self}/form?x=1` }, true],
  ['a Referer of another', 'POST', { referer: `${evil}/?${self}` }, false],
  ['a Referer with our name for a user', 'POST', { referer: 'https://app.example.com@evil.test/' }, false],
  ['a Referer that is none', 'POST', { referer: 'app.example.com' }, false],
  ['a Referer too long to be one', 'POST', { referer: `${self}/${'a'.repeat(10_000)}` }, false],
  ['a Referer of ours with a foreign origin', 'POST', { referer: `${self}/`, origin: evil }, false],
  ['a Referer of ours with the null origin', 'POST', { referer: `${self}/`, origin: 'null' }, false],
  ['a Referer of ours against cross-site', 'POST', { referer: `${self}/`, 'sec-fetch-site': 'cross-site' }, false],
  ['JSON is no excuse', 'POST', { 'content-type': 'application/json' }, false],
  ['no content type is no excuse', 'POST', { 'content-type': '' }, false],
  ['nor is XMLHttpRequest', 'POST', { 'x-requested-with': 'XMLHttpRequest' }, false],
  ['a method of nobody', 'FROB', { 'sec-fetch-site': 'cross-site' }, false],
  ['a method override is no excuse', 'POST', { 'x-http-method-override': 'GET' }, false],
  [
    'a forwarded host makes nothing the same',
    'POST',
    { origin: evil, 'x-forwarded-host': 'evil.test', forwarded: 'host=evil.test' },
    false,
  ],
  ['a handshake of ours', 'GET', { upgrade: 'websocket', origin: self }, true],
  ['a handshake of another', 'GET', { upgrade: 'websocket', origin: evil }, false],
  ['a handshake from nowhere', 'GET', { upgrade: 'websocket' }, false],
]

describe('a request with a session', () => {
  it.each([...go, ...more])('%s (%s)', async (_, method, headers, passes) => {
    const { ask, member, last } = await openShielded({ csrf: { origins: [friend] } })
    const asked = await ask(`${method} https://app.example.com/x`, { ...member, ...headers })
    expect(asked.forwarded).toBe(passes)
    if (passes) return
    expect(asked.answer.status).toBe(403)
    expect(last()?.reason).toBe('forged')
  })

  it.each([
    [
      'same-site where the origin allows its siblings',
      { csrf: { siblings: true } },
      { 'sec-fetch-site': 'same-site' },
      true,
    ],
    ['siblings are not all the world', { csrf: { siblings: true } }, { 'sec-fetch-site': 'cross-site' }, false],
    [
      'a family of origins',
      { csrf: { origins: ['https://*.example.com'] } },
      { origin: 'https://a.example.com' },
      true,
    ],
    [
      'and who is not of it',
      { csrf: { origins: ['https://*.example.com'] } },
      { origin: 'https://evil-example.com' },
      false,
    ],
    [
      'an origin that CORS allows with credentials',
      { cors: { origins: [friend], credentials: true } },
      { origin: friend, 'sec-fetch-site': 'cross-site' },
      true,
    ],
    [
      'one that CORS allows without',
      { cors: { origins: [friend] } },
      { origin: friend, 'sec-fetch-site': 'cross-site' },
      false,
    ],
    [
      'one that CORS allows to GET',
      { cors: { origins: [friend], credentials: true, methods: ['GET'] } },
      { origin: friend },
      false,
    ],
    ['anyone where CORS is for all', { cors: { origins: '*' } }, { origin: evil }, false],
    ['anyone where CORS is the upstream’s', { cors: 'upstream' }, { origin: evil }, false],
    ['a webhook that is exempt', { csrf: 'exempt' }, { origin: evil, 'sec-fetch-site': 'cross-site' }, true],
  ])('%s', async (_, origin, headers, passes) => {
    const { ask, member } = await openShielded(origin)
    expect((await ask('POST https://app.example.com/x', { ...member, ...headers })).forwarded).toBe(passes)
  })

  it('lets a rule be exempt and no other', async () => {
    const rules = [
      { path: '/hook', access: 'signed-in', csrf: 'exempt' },
      { path: '/*', access: 'signed-in' },
    ]
    const { ask, member } = await openShielded({ rules })
    expect((await ask('POST https://app.example.com/hook', member)).forwarded).toBe(true)
    expect((await ask('POST https://app.example.com/hooks', member)).forwarded).toBe(false)
  })

  it.each(['evil.test', 'app.example.com.evil.test', 'app.example.com@evil.test', 'app.example.com, evil.test', ''])(
    'a wrong Host makes no origin the same: %j',
    async (host) => {
      const { gateway, member } = await openShielded({})
      const begun = await gateway.begin(
        {
          method: 'POST',
          scheme: 'https',
          host,
          target: '/x',
          headers: new Headers({ ...member, origin: `https://${host.replace(/.*@|.*, /, '') || 'evil.test'}` }),
          clientAddress: null,
        },
        () => undefined,
      )
      expect(begun.kind).toBe('answer')
    },
  )

  it('refuses in a form that a page may read, where CORS lets it', async () => {
    const { ask, member } = await openShielded({ cors: { origins: [friend] } })
    const asked = await ask('POST https://app.example.com/x', { ...member, origin: friend })
    expect(asked.answer.status).toBe(403)
    expect(readableBy(asked)).toBe(friend)
    expect(headerOf(asked.answer, 'content-type')).toBe('application/problem+json')
  })

  it('asks nothing of who carries no session', async () => {
    const { ask } = await openShielded({ rules: [{ path: '/*', access: 'optional' }] })
    expect((await ask('POST https://app.example.com/x', { origin: evil })).forwarded).toBe(true)
  })
})
