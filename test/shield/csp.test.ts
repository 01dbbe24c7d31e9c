import { describe, expect, it } from 'vitest'
import { headerOf } from '../support/gateway.ts'
import { openShielded } from '../support/shielded.ts'

const self = ["'self'"]
const page: [string, string][] = [
  ['content-type', 'text/html; charset=utf-8'],
  ['content-security-policy', "default-src 'none'"],
  ['etag', '"1"'],
  ['last-modified', 'Sat, 01 Jan 2000 00:00:00 GMT'],
  ['content-length', '100'],
  ['cache-control', 'public, max-age=60'],
]

async function policyOf(csp: unknown, upstream: [string, string][] = [], method = 'GET', preset?: string) {
  const { ask, member } = await openShielded({ headers: { ...(preset && { preset }), csp } })
  const asked = await ask(`${method} https://app.example.com/x`, member, upstream)
  return { ...asked, of: (name: string) => headerOf(asked.answer, name) }
}

describe('a policy', () => {
  it('is written as its directives say, and takes the place of the upstream’s', async () => {
    const { of, answer } = await policyOf(
      {
        directives: {
          'default-src': self,
          'img-src': ['https:', 'data:', '*.cdn.example.com:*'],
          'script-src': ["'self'", "'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='"],
          sandbox: ['allow-forms', 'allow-scripts'],
          'upgrade-insecure-requests': true,
        },
      },
      page,
    )
    expect(of('content-security-policy')).toBe(
      "default-src 'self'; script-src 'self' 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='; img-src https: data: *.cdn.example.com:*; sandbox allow-forms allow-scripts; upgrade-insecure-requests",
    )
    expect(answer.headers.filter(([name]) => name === 'content-security-policy')).toHaveLength(1)
  })

  it('only fills in, where that is written', async () => {
    const csp = { directives: { 'default-src': self }, ifAbsent: true }
    expect((await policyOf(csp, page)).of('content-security-policy')).toBe("default-src 'none'")
    expect((await policyOf(csp)).of('content-security-policy')).toBe("default-src 'self'")
  })

  it('only reports, where that is written, and leaves the policy in force alone', async () => {
    const { of } = await policyOf({ directives: { 'default-src': self }, reportOnly: true, reports: true }, page)
    expect(of('content-security-policy')).toBe("default-src 'none'")
    expect(of('content-security-policy-report-only')).toBe(
      "default-src 'self'; report-uri /.sallyport/reports; report-to sallyport",
    )
    expect(of('reporting-endpoints')).toBe('sallyport="/.sallyport/reports"')
  })

  it.each([
    [["'none'"], 'DENY'],
    [["'self'"], 'SAMEORIGIN'],
    [['https://console.example.com'], null],
    [["'self'", 'https://console.example.com'], null],
  ])('frames: %j and X-Frame-Options: %s agree', async (ancestors, frames) => {
    const { of } = await policyOf(
      { directives: { 'frame-ancestors': ancestors } },
      [['x-frame-options', 'ALLOWALL']],
      'GET',
      'strict',
    )
    expect(of('x-frame-options')).toBe(frames)
  })

  it.each([
    ['self without its quotes', { 'default-src': ['self'] }],
    ['none among others', { 'default-src': ["'none'", 'https:'] }],
    ['a nonce that is written down', { 'script-src': ["'nonce-abc'"] }],
    ['a semicolon in a source', { 'default-src': ["'self'; script-src *"] }],
    ['a comma in a source', { 'default-src': ['https://a.example.com,https://b.example.com'] }],
    ['a space in a source', { 'default-src': ["'self' https:"] }],
    ['an unknown keyword', { 'default-src': ["'unsafe'"] }],
    ['an empty source', { 'default-src': [''] }],
    ['no source', { 'default-src': [] }],
    ['a directive that there isn’t', { 'scripts-src': self }],
    ['report-uri by hand', { 'report-uri': ['/x'] }],
    ['no directive', {}],
    ['a switch with a value', { 'upgrade-insecure-requests': self }],
    ['a sandbox of odd words', { sandbox: ['allow;x'] }],
  ])('is refused at start with %s', async (_, directives) => {
    await expect(openShielded({ headers: { csp: { directives } } })).rejects.toThrow('csp')
  })

  it.each([
    ['a nonce for a page whose policy is its own', { directives: { 'script-src': self }, nonce: true, ifAbsent: true }],
    ['a nonce with nowhere to stand', { directives: { 'img-src': self }, nonce: true }],
    ['a key that there isn’t', { directives: { 'img-src': self }, report: true }],
  ])('is refused at start with %s', async (_, csp) => {
    await expect(openShielded({ headers: { csp } })).rejects.toThrow('csp')
  })
})

describe('a nonce', () => {
  const csp = { directives: { 'default-src': self, 'script-src': ["'none'"], 'img-src': ['https:'] }, nonce: true }

  it('stands in the policy of a page, another each time, and no cache keeps the page', async () => {
    const one = await policyOf(csp, page)
    const two = await policyOf(csp, page)
    const form = /^default-src 'self'; script-src 'nonce-([\w+/]{22}==)'; img-src https:; style-src 'self' 'nonce-\1'$/
    expect(one.of('content-security-policy')).toMatch(form)
    expect(one.answer.nonce).toBe(form.exec(one.of('content-security-policy') ?? '')?.[1])
    expect(two.answer.nonce).not.toBe(one.answer.nonce)
    for (const name of ['etag', 'last-modified', 'content-length']) expect(one.of(name)).toBeNull()
    expect(one.of('cache-control')).toBe('no-store')
  })

  it('is not for what is no page, has no body, or is the gateway’s own', async () => {
    const plain = "default-src 'self'; script-src 'none'; img-src https:; style-src 'self'"
    for (const [upstream, method] of [
      [[['content-type', 'text/plain']], 'GET'],
      [[], 'GET'],
      [page, 'HEAD'],
    ] as [[string, string][], string][]) {
      const { answer, of } = await policyOf(csp, upstream, method)
      expect(answer.nonce).toBeUndefined()
      expect(of('content-security-policy')).toBe(plain)
    }
    const { ask } = await openShielded({ headers: { csp } })
    const own = await ask('GET https://app.example.com/x', { accept: 'text/html' })
    expect(own.answer.nonce).toBeUndefined()
  })

  it('has its pages come whole and unpacked', async () => {
    const { ask, member } = await openShielded({ headers: { csp } })
    const headers = { ...member, 'accept-encoding': 'gzip, br', range: 'bytes=0-1', 'if-none-match': '"1"' }
    const { sent } = await ask('GET https://app.example.com/x', headers)
    expect(sent.get('accept-encoding')).toBe('identity')
    expect(sent.has('range') || sent.has('if-none-match')).toBe(false)
  })
})
