import type { JWTPayload } from 'jose'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openSignInGateway, type SignInGateway, self } from '../support/sign-in-gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const at = Math.floor(Date.now() / 1000)
const good = {
  iss: 'https://id.example.com',
  aud: 'gateway',
  iat: at,
  exp: at + 600,
  jti: 'logout-1',
  events: { [event]: {} },
  sub: 'alice',
  sid: 'sid-1',
}
const header = { typ: 'logout+jwt' }

async function signIn(gateway: SignInGateway, who: Visitor, sid: string, sub = 'alice'): Promise<void> {
  const { provider } = gateway
  provider.userinfo = { sub }
  provider.idToken = (claims) => provider.sign({ ...claims, sub, sid })
  expect((await who.go(gateway.answer(await gateway.start(who)))).status).toBe(303)
}

const tell = async (gateway: SignInGateway, token: string, form: Record<string, string> = {}): Promise<Response> =>
  gateway.stranger().go(`${self}/.sallyport/backchannel-logout`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ ...form, logout_token: token })),
  })

const isIn = async (gateway: SignInGateway, who: Visitor): Promise<boolean> => {
  const cookie = `__Host-sallyport=${who.cookies(self).get('__Host-sallyport')}`
  return (await gateway.ask('GET https://app.example.com/', { cookie })).forwarded
}

describe('a logout that the provider tells of', () => {
  it('ends the session that it names, and no other', async () => {
    const gateway = await openSignInGateway({ origin: { freshness: 0 } })
    const [phone, desk] = [gateway.stranger(), gateway.stranger()]
    await signIn(gateway, phone, 'sid-1')
    await signIn(gateway, desk, 'sid-2')
    const response = await tell(gateway, await gateway.provider.sign(good, header))
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await isIn(gateway, phone), await isIn(gateway, desk)]).toEqual([false, true])
    expect(gateway.audit.at(-1)).toMatchObject({ outcome: 'signed-out', subject: 'alice', provider: 'corp' })
  })

  it('ends it by the name of the session alone', async () => {
    const gateway = await openSignInGateway()
    await signIn(gateway, gateway.visitor, 'sid-1')
    const { sub: _, ...nameless } = good
    expect((await tell(gateway, await gateway.provider.sign(nameless, header))).status).toBe(200)
    expect(await isIn(gateway, gateway.visitor)).toBe(false)
  })

  it('ends every session of the subject where it names none', async () => {
    const gateway = await openSignInGateway()
    const [phone, desk, other] = [gateway.stranger(), gateway.stranger(), gateway.stranger()]
    await signIn(gateway, phone, 'sid-1')
    await signIn(gateway, desk, 'sid-2')
    await signIn(gateway, other, 'sid-3', 'bob')
    const { sid: _, ...all } = good
    gateway.pass(1)
    expect((await tell(gateway, await gateway.provider.sign(all, header))).status).toBe(200)
    expect([await isIn(gateway, phone), await isIn(gateway, desk), await isIn(gateway, other)]).toEqual([
      false,
      false,
      true,
    ])
  })

  it('ends all of the subject where the store lists late', async () => {
    const strong = createMemoryStore(() => Date.now() / 1000)
    const promises = { consistency: 'eventual', atomic: false, stalenessSeconds: 60 } as const
    const gateway = await openSignInGateway({
      store: { ...strong, promises, list: async () => ({ stored: [], next: null }) },
    })
    await signIn(gateway, gateway.visitor, 'sid-1')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await tell(gateway, await gateway.provider.sign(good, header))).status).toBe(200)
    expect(await isIn(gateway, gateway.visitor)).toBe(false)
  })

  it.each(['subject', 'session'])('ends who is on the way in, too: all of the %s', async (what) => {
    const gateway = await openSignInGateway()
    const { provider } = gateway
    const { sid: _, ...all } = good
    provider.idToken = (claims) => provider.sign({ ...claims, sid: 'sid-1' })
    provider.token = async (body) => {
      const told = await provider.sign(what === 'subject' ? all : good, header)
      expect((await tell(gateway, told)).status).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 5))
      return Response.json(body)
    }
    await gateway.visitor.go(gateway.answer(await gateway.start()))
    expect(await isIn(gateway, gateway.visitor)).toBe(false)
    provider.token = (body) => Response.json(body)
    await gateway.visitor.go(gateway.answer(await gateway.start()))
    expect(await isIn(gateway, gateway.visitor)).toBe(true)
  })

  it('is taken once', async () => {
    const gateway = await openSignInGateway()
    const token = await gateway.provider.sign(good, header)
    expect((await tell(gateway, token)).status).toBe(200)
    await signIn(gateway, gateway.visitor, 'sid-1')
    expect((await tell(gateway, token)).status).toBe(400)
    expect(await isIn(gateway, gateway.visitor)).toBe(true)
  })

  const without = (name: keyof typeof good): JWTPayload =>
    Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))

  it.each<[string, JWTPayload, Record<string, unknown>?]>([
    ['of another issuer', { ...good, iss: 'https://evil.example.com' }],
    ['for another client', { ...good, aud: 'another' }],
    ['that is over', { ...good, exp: at - 60 }],
    ['without exp', without('exp')],
    ['without iat', without('iat')],
    ['of an hour ago', { ...good, iat: at - 3600 }],
    ['of the future', { ...good, iat: at + 3600, exp: at + 7200 }],
    ['without jti', without('jti')],
    ['with a jti that is no text', { ...good, jti: 7 as unknown as string }],
    ['with a nonce', { ...good, nonce: 'x' }],
    ['with a nonce of null', { ...good, nonce: null }],
    ['without events', without('events')],
    ['with another event', { ...good, events: { 'http://schemas.openid.net/event/other': {} } }],
    ['with an event that says nothing', { ...good, events: { [event]: null } }],
    ['with events as a list', { ...good, events: [event] }],
    ['with neither sub nor sid', Object.fromEntries(Object.entries(without('sub')).filter(([key]) => key !== 'sid'))],
    ['with a sid that is no text', { ...good, sid: 7 }],
    ['with a sub that is no text', { ...good, sub: 7 as unknown as string }],
    ['of the type of an access token', good, { typ: 'at+jwt' }],
    ['of another algorithm', good, { typ: 'logout+jwt', kid: 'k9' }],
  ])('is not believed by a token %s', async (_, claims, head = header) => {
    const gateway = await openSignInGateway()
    await signIn(gateway, gateway.visitor, 'sid-1')
    const response = await tell(gateway, await gateway.provider.sign(claims, head))
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'Not a logout token' },
    ])
    expect(gateway.audit.at(-1)).toMatchObject({ outcome: 'failed', reason: 'bad-logout-token' })
    expect(await isIn(gateway, gateway.visitor)).toBe(true)
  })

  it('is not believed by the ID token, a text, nothing, or a body of megabytes', async () => {
    const gateway = await openSignInGateway()
    await signIn(gateway, gateway.visitor, 'sid-1')
    const idToken = await gateway.provider.sign({ ...without('events'), nonce: 'x' })
    for (const token of [idToken, 'x.y.z', '', 'nonsense', 'x'.repeat(2_000_000)])
      expect((await tell(gateway, token)).status).toBe(400)
    const path = `${self}/.sallyport/backchannel-logout`
    const token = await gateway.provider.sign(good, header)
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) }
    expect((await gateway.stranger().go(path, json)).status).toBe(400)
    expect((await gateway.stranger().go(`${path}?logout_token=${token}`)).status).toBe(404)
    const twice = new URLSearchParams([
      ['logout_token', token],
      ['logout_token', token],
    ])
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await gateway.stranger().go(path, { method: 'POST', headers: form, body: String(twice) })).status).toBe(400)
    expect(await isIn(gateway, gateway.visitor)).toBe(true)
  })

  it('can be told again when the store failed', async () => {
    const strong = createMemoryStore(() => Date.now() / 1000)
    let isDown = false
    const gateway = await openSignInGateway({
      store: {
        ...strong,
        write: (...facts) => (isDown ? Promise.reject(new Error('down')) : strong.write(...facts)),
      },
    })
    await signIn(gateway, gateway.visitor, 'sid-1')
    const token = await gateway.provider.sign(good, header)
    isDown = true
    expect((await tell(gateway, token)).status).toBe(503)
    isDown = false
    expect((await tell(gateway, token)).status).toBe(200)
    expect(await isIn(gateway, gateway.visitor)).toBe(false)
  })
})
