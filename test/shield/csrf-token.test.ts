import { describe, expect, it } from 'vitest'
import { createCsrfTokens, csrfCookie } from '../../src/shield/csrf-token.ts'
import { headerOf } from '../support/gateway.ts'
import { openShielded, type Shielded } from '../support/shielded.ts'

const key = Buffer.alloc(32, 7).toString('base64url')
const other = Buffer.alloc(32, 8).toString('base64url')
const origin = {
  csrf: { token: true },
  rules: [
    { path: '/untold', access: 'signed-in', csrf: {} },
    { path: '/*', access: 'signed-in' },
  ],
}
const open = (environment = {}): Promise<Shielded> => openShielded(origin, { CSRF_KEY: key, ...environment })

const fetchToken = (shielded: Shielded, headers: Record<string, string>, host = 'app.example.com') =>
  Promise.resolve(shielded.gateway.endpoints.fetch(new Request(`https://${host}/.sallyport/csrf`, { headers })))

async function tokenOf(shielded: Shielded): Promise<{ token: string; cookie: string }> {
  const answer = await fetchToken(shielded, shielded.member)
  expect(answer.status).toBe(200)
  const { token, header, field } = (await answer.json()) as Record<string, string>
  expect([header, field]).toEqual(['x-sallyport-csrf', 'sallyport_csrf'])
  expect(answer.headers.get('set-cookie')).toBe(`${csrfCookie}=${token}; Path=/; Secure; SameSite=Lax; Max-Age=43200`)
  return { token: token ?? '', cookie: `${shielded.member.cookie}; ${csrfCookie}=${token}` }
}

const post = (shielded: Shielded, headers: Record<string, string>, body?: string, path = '/x') =>
  shielded.ask(`POST https://app.example.com${path}`, headers, [], body)

describe('a token', () => {
  it('lets a browser through that says nothing of where it comes from, and goes no further itself', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const asked = await post(shielded, { cookie, 'x-sallyport-csrf': token })
    expect(asked.forwarded).toBe(true)
    expect(asked.sent.has('x-sallyport-csrf')).toBe(false)
  })

  it.each([
    ['with a foreign origin', { origin: 'https://evil.test' }],
    ['with the null origin', { origin: 'null' }],
    ['with cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['with a foreign Referer', { referer: 'https://evil.test/' }],
  ])('mends nothing that the browser says: %s', async (_, said) => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    expect((await post(shielded, { cookie, 'x-sallyport-csrf': token, ...said })).answer.status).toBe(403)
  })

  it.each<[string, (token: string) => string]>([
    ['truncated', (token) => token.slice(0, -1)],
    ['truncated by half', (token) => token.slice(0, token.length / 2)],
    ['empty', () => ''],
    ['with another last digit', (token) => token.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))],
    ['with another time', (token) => token.replace(/\.(\d+)\./, (_, at) => `.${Number(at) + 1}.`)],
    ['in capitals', (token) => token.toUpperCase()],
    ['twice', (token) => `${token}, ${token}`],
    ['with something behind it', (token) => `${token}.`],
    ['of another version', (token) => token.replace('v1', 'v2')],
    ['of no form', () => 'x'.repeat(10_240)],
  ])('is refused when it is %s', async (_, bend) => {
    const shielded = await open()
    const { token } = await tokenOf(shielded)
    const bent = bend(token)
    // though the cookie agrees
    const cookie = `${shielded.member.cookie}; ${csrfCookie}=${bent.replace(/,.*/, '')}`
    const asked = await post(shielded, { cookie, 'x-sallyport-csrf': bent })
    expect(asked.answer.status).toBe(403)
    expect(shielded.last()?.reason).toBe('forged')
  })

  it('is refused without its cookie, with another, or with two', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const again = await createCsrfTokens([Buffer.alloc(32, 7)], () => 1).issue('x')
    for (const cookies of [
      shielded.member.cookie,
      `${shielded.member.cookie}; ${csrfCookie}=${again}`,
      `${cookie}; ${csrfCookie}=${token}`,
    ])
      expect((await post(shielded, { cookie: cookies, 'x-sallyport-csrf': token })).answer.status).toBe(403)
  })

  it('is refused for another session, and after signing out', async () => {
    const [one, two] = [await open(), await open()]
    const { token, cookie } = await tokenOf(one)
    const mixed = `${two.member.cookie}; ${csrfCookie}=${token}`
    expect((await post(two, { cookie: mixed, 'x-sallyport-csrf': token })).answer.status).toBe(403)
    // another gateway's store knows nothing of the session: as after signing out
    expect((await post(two, { cookie, 'x-sallyport-csrf': token })).answer.status).toBe(401)
  })

  it('is refused when it is too old, or from the future', async () => {
    const at = (now: number) => createCsrfTokens([Buffer.alloc(32, 7)], () => now)
    const token = await at(100_000).issue('session')
    const submitted = { session: 'session', cookies: `${csrfCookie}=${token}` }
    expect(await at(100_000 + 43_200).check(token, submitted)).toBe(true)
    expect(await at(100_000 + 43_201).check(token, submitted)).toBe(false)
    expect(await at(100_000 - 61).check(token, submitted)).toBe(false)
  })

  it('is taken under either key while one replaces the other, and under no third', async () => {
    const submitted = (token: string) => ({ session: 's', cookies: `${csrfCookie}=${token}` })
    const [old, fresh] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)]
    const token = await createCsrfTokens([old], () => 1).issue('s')
    expect(await createCsrfTokens([fresh, old], () => 1).check(token, submitted(token))).toBe(true)
    expect(await createCsrfTokens([fresh], () => 1).check(token, submitted(token))).toBe(false)
  })

  it('is no use where the rule doesn’t take it', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const headers = { cookie, 'x-sallyport-csrf': token }
    expect((await post(shielded, headers, '', '/untold')).answer.status).toBe(403)
  })
})

describe('/.sallyport/csrf', () => {
  it.each([
    ['nobody', {}, 401],
    ['a session of no form', { cookie: '__Host-sallyport=x' }, 401],
    ['a session that there isn’t', { cookie: `__Host-sallyport=v1..${'a'.repeat(43)}` }, 401],
    ['two sessions', { cookie: '__Host-sallyport=a; __Host-sallyport=b' }, 400],
  ])('gives %s nothing', async (_, headers, status) => {
    const answer = await fetchToken(await open(), headers as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('gives another site nothing, and no host that takes no tokens', async () => {
    const shielded = await open()
    for (const site of ['cross-site', 'same-site'])
      expect((await fetchToken(shielded, { ...shielded.member, 'sec-fetch-site': site })).status).toBe(403)
    expect((await fetchToken(shielded, shielded.member, 'evil.test')).status).toBe(404)
    expect((await fetchToken(await openShielded({}, { CSRF_KEY: key }), shielded.member)).status).toBe(404)
    const answer = await fetchToken(shielded, { ...shielded.member, origin: 'https://evil.test' })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('gives two tabs the same token', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const again = (await (await fetchToken(shielded, { cookie })).json()) as { token: string }
    expect(again.token).toBe(token)
  })

  it('isn’t there without a key, nor does the gateway start', async () => {
    await expect(openShielded(origin)).rejects.toThrow('CSRF_KEY')
    for (const bad of ['', 'short', Buffer.alloc(31).toString('base64url'), `${key},short`, '***'])
      await expect(openShielded(origin, { CSRF_KEY: bad })).rejects.toThrow('CSRF_KEY')
    await tokenOf(await openShielded(origin, { CSRF_KEY: `${other},${key}` }))
  })
})

describe('a form', () => {
  const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' }
  const multipart = { 'content-type': 'multipart/form-data; boundary="--x y"' }
  const parts = (fields: [string, string][]) =>
    `${fields.map(([name, value]) => `----x y\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}----x y--\r\n`

  it('shows its token in a field', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const forms: [Record<string, string>, string][] = [
      [urlencoded, `a=1&sallyport_csrf=${token}&b=2`],
      [urlencoded, `sallyport_csrf=${token}`],
      [{ 'content-type': 'Application/X-WWW-Form-URLEncoded; charset=UTF-8' }, `b=2&sallyport_csrf=${token}`],
      [
        multipart,
        parts([
          ['a', '1'],
          ['sallyport_csrf', token],
          ['b', '2'],
        ]),
      ],
    ]
    for (const [type, body] of forms) expect((await post(shielded, { cookie, ...type }, body)).forwarded).toBe(true)
  })

  it('is refused without it, with a bad one, with one too late, or in a type that is no form', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const field = `sallyport_csrf=${token}`
    const forms: [Record<string, string>, string][] = [
      [urlencoded, ''],
      [urlencoded, 'a=1'],
      [urlencoded, `x_${field}`],
      [urlencoded, `a=${encodeURIComponent(`&${field}`)}`],
      [urlencoded, `${field}x`],
      [urlencoded, `sallyport_csrf=&${field}`],
      [urlencoded, `a=${'x'.repeat(65_536)}&${field}`],
      [urlencoded, parts([['sallyport_csrf', token]])],
      [multipart, parts([['a', token]])],
      [multipart, `----x y\r\nContent-Disposition: form-data; name="sallyport_csrf"\r\n\r\n${token}`],
      [multipart, parts([['a"; name="sallyport_csrf', token]])],
      [{ 'content-type': 'multipart/form-data' }, parts([['sallyport_csrf', token]])],
      [{ 'content-type': 'multipart/form-data; boundary=a; boundary="--x y"' }, parts([['sallyport_csrf', token]])],
      [{ 'content-type': 'text/plain' }, field],
      [{ 'content-type': 'application/json' }, field],
      [{}, field],
      [{ ...urlencoded, 'content-encoding': 'gzip' }, field],
    ]
    for (const [type, body] of forms) {
      const asked = await post(shielded, { cookie, ...type }, body)
      expect([body.slice(0, 60), asked.answer.status]).toEqual([body.slice(0, 60), 403])
      expect(headerOf(asked.answer, 'x-sallyport')).toBe('refused')
    }
  })

  it('is not looked into where the browser speaks', async () => {
    const shielded = await open()
    const { token, cookie } = await tokenOf(shielded)
    const evil = { cookie, ...urlencoded, origin: 'https://evil.test' }
    expect((await post(shielded, evil, `sallyport_csrf=${token}`)).answer.status).toBe(403)
  })
})
