import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import type { TestGateway } from '../support/gateway.ts'
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts'
import { vouchSecret } from '../support/kept.ts'
import { openRealSignIn, type RealSignIn } from '../support/real-sign-in.ts'
import { laySession, testBook } from '../support/sessions.ts'
import { self } from '../support/sign-in-gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const configuration = { issueRefreshToken: () => true, rotateRefreshToken: true }

let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider()
})
afterAll(() => provider.stop())

const open = (asked: Parameters<typeof openRealSignIn>[1] = {}): Promise<RealSignIn> =>
  openRealSignIn(provider, { configuration, ...asked })

const isIn = async ({ ask }: TestGateway, cookie: string): Promise<boolean> =>
  (await ask(`GET ${self}/page`, { cookie })).forwarded

const form = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' }

const signOut = (browser: Visitor, headers: Record<string, string> = form, query = ''): Promise<Response> =>
  browser.go(`${self}/.sallyport/sign-out${query}`, { method: 'POST', headers })

/** Where a page sends the browser by itself. */
async function onwards(response: Response): Promise<URL> {
  const page = await response.text()
  const to = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(page)?.[1]
  if (to === undefined) throw new Error(`nowhere: ${response.status} ${page}`)
  return new URL(to.replaceAll('&#38;', '&'))
}

/** The provider asks whether one means it. */
async function confirm(browser: Visitor, address: URL): Promise<Response> {
  const page = await (await browser.go(address.href)).text()
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
  return browser.go(`${provider.issuer}/session/end/confirm`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: String(new URLSearchParams({ xsrf, logout: 'yes' })),
  })
}

describe('signing out by a form', () => {
  it('ends the session here, then at the provider, and comes back', async () => {
    const { gateway, signIn, browser, audit } = await open()
    const visitor = browser()
    const cookie = await signIn('alice', visitor)
    const out = await signOut(visitor)
    expect(out.status).toBe(200)
    expect(out.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sallyport=; .*Max-Age=0/)])
    expect([await isIn(gateway, cookie), visitor.cookies(self).has('__Host-sallyport')]).toEqual([false, false])

    const address = await onwards(out)
    expect(address.origin + address.pathname).toBe(`${provider.issuer}/session/end`)
    expect(Object.fromEntries(address.searchParams)).toEqual({
      client_id: 'gateway',
      id_token_hint: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      post_logout_redirect_uri: `${self}/.sallyport/signed-out`,
      logout_uri: `${self}/.sallyport/signed-out`,
      state: expect.stringMatching(/^[\w.-]{40,}$/),
    })
    const back = (await confirm(visitor, address)).headers.get('location') ?? ''
    expect(back).toMatch(/^https:\/\/app\.example\.com\/\.sallyport\/signed-out\?state=/)
    const end = await visitor.go(back)
    expect([end.status, await end.text()]).toEqual([200, expect.stringContaining('<h1>Signed out</h1>')])
    // the provider knows nobody any more: it shows its form
    const { response } = await visitor.follow(`${self}/.sallyport/sign-in`)
    expect(await response?.text()).toContain('name="login"')
    expect(audit.filter(({ outcome }) => outcome === 'not-told')).toEqual([])
  })

  it('gives the tokens back that were kept (RFC 7009)', async () => {
    const { gateway, signIn, browser } = await open()
    const visitor = browser()
    const cookie = await signIn('alice', visitor)
    const { sent } = await gateway.ask(`GET ${self}/api/x`, { cookie })
    const authorization = sent.get('authorization') ?? ''
    const whose = async () => (await fetch(`${provider.issuer}/me`, { headers: { authorization } })).status
    expect(await whose()).toBe(200)
    await signOut(visitor, { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })
    expect(provider.forms.at(-1)).toMatchObject({ token_type_hint: 'refresh_token' })
    expect(await whose()).toBe(401)
  })

  it.each(['this', 'everywhere'])(
    'gives them back when the app itself says that somebody is out: %s',
    async (which) => {
      const real = await open({
        environment: { VOUCH_SECRET: vouchSecret },
        origin: {
          rules: [
            { path: '/logout', access: 'signed-in', signIn: 'vouched' },
            { path: '/api/*', access: 'signed-in', accessToken: true },
            { path: '/*', access: 'signed-in' },
          ],
        },
      })
      const { gateway, audit } = real
      const [cookie, other] = [await real.signIn('alice'), await real.signIn('bob')]
      const [hers, his] = await Promise.all(
        [cookie, other].map(async (one) => {
          const { sent } = await gateway.ask(`GET ${self}/api/x`, { cookie: one })
          return async () =>
            (await fetch(`${provider.issuer}/me`, { headers: { authorization: sent.get('authorization') ?? '' } }))
              .status
        }),
      )
      const said = (proof: string): [string, string][] => [
        ['x-sallyport-sign-out', which],
        ['x-sallyport-proof', `secret ${proof}`],
      ]
      await gateway.ask(`GET ${self}/logout`, { cookie }, said(`${vouchSecret}x`))
      expect([await isIn(gateway, cookie), await hers?.()]).toEqual([true, 200])
      const { answer, forwarded } = await gateway.ask(`GET ${self}/logout`, { cookie }, said(vouchSecret))
      expect([forwarded, answer.status, await isIn(gateway, cookie)]).toEqual([true, 200, false])
      await expect.poll(async () => hers?.()).toBe(401)
      expect([await his?.(), await isIn(gateway, other)]).toEqual([200, true])
      expect(audit.filter(({ outcome }) => outcome === 'not-told')).toEqual([])
    },
  )

  it('gives back those too that are fetched while it goes on', async () => {
    const real = await open()
    const cookie = await real.signIn()
    const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let fetched = ''
    const refreshing = real.open({
      fetch: async (url, init) => {
        if (!String(init.body).includes('grant_type=refresh_token')) return fetch(url, init)
        asked.resolve()
        await released.promise
        const answer = await fetch(url, init)
        fetched = ((await answer.clone().json()) as { refresh_token: string }).refresh_token
        return answer
      },
    })
    real.pass(3_590)
    const request = refreshing.ask(`GET ${self}/api/x`, { cookie })
    await asked.promise
    const leaving = real.open({
      store: {
        ...real.store,
        async delete(key) {
          if (key.name.startsWith('tokens:')) {
            released.resolve()
            await request
          }
          await real.store.delete(key)
        },
      },
    })
    await leaving.gateway.endpoints.fetch(
      new Request(`${self}/.sallyport/sign-out`, { method: 'POST', headers: { cookie, ...form } }),
    )
    expect(fetched).not.toBe('')
    expect(provider.forms.filter(({ token }) => token === fetched)).toHaveLength(1)
  })

  it('gives them back at a host that shares the session and signs nobody in itself', async () => {
    const origin = { session: { site: 'example.com' } }
    const shop = {
      ...{ name: 'shop', host: 'shop.example.com', upstream: 'https://shop.example.net' },
      ...{ ...origin, rules: [{ path: '/*', access: 'signed-in' }] },
    }
    const { gateway, signIn, browser } = await open({ origin, others: [shop] })
    const visitor = browser()
    await signIn('alice', visitor)
    const cookie = `__Secure-sallyport=${visitor.cookies(self).get('__Secure-sallyport')}`
    const before = provider.forms.length
    const response = await gateway.gateway.endpoints.fetch(
      new Request('https://shop.example.com/.sallyport/sign-out', { method: 'POST', headers: { cookie, ...form } }),
    )
    // the provider knows no way back to it
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    expect(provider.forms.slice(before)).toMatchObject([{ token_type_hint: 'refresh_token' }])
    expect(await isIn(gateway, cookie)).toBe(false)
  })

  it('says that one is signed out to nobody but those who were', async () => {
    const { signIn, browser, pass } = await open()
    const visitor = browser()
    await signIn('alice', visitor)
    const state = (await onwards(await signOut(visitor))).searchParams.get('state') ?? ''
    const landing = async (value: string) =>
      (await browser().go(`${self}/.sallyport/signed-out?state=${encodeURIComponent(value)}`)).status
    expect([await landing(state), await landing(''), await landing(`${state}x`), await landing('a.b.c')]).toEqual([
      200, 303, 303, 303,
    ])
    pass(600)
    expect(await landing(state)).toBe(303)
  })

  it('ends it here though the provider fails, and says so in the log', async () => {
    for (const failing of [
      () => Promise.resolve(new Response('', { status: 500 })),
      () => Promise.reject(new TypeError('no network')),
      () => new Promise<Response>(() => undefined),
    ]) {
      const real = await open({ environment: { PROVIDER_TIMEOUT_MS: '2000' } })
      const cookie = await real.signIn()
      const failed = real.open({ fetch: failing })
      const response = await failed.gateway.endpoints.fetch(
        new Request(`${self}/.sallyport/sign-out`, { method: 'POST', headers: { cookie, ...form } }),
      )
      expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
      expect([await isIn(failed, cookie), await isIn(real.gateway, cookie)]).toEqual([false, false])
      expect(real.audit.at(-1)).toMatchObject({
        outcome: 'not-told',
        reason: 'provider-unavailable',
        subject: 'alice',
        requestId: response.headers.get('x-request-id'),
      })
    }
  })

  it('tells nobody where the store does not take it: then nobody is signed out', async () => {
    const real = await open()
    const visitor = real.browser()
    const cookie = await real.signIn('alice', visitor)
    const before = provider.forms.length
    const down = real.open({ store: { ...real.store, write: () => Promise.reject(new Error('down')) } })
    const response = await down.gateway.endpoints.fetch(
      new Request(`${self}/.sallyport/sign-out`, { method: 'POST', headers: { cookie, ...form } }),
    )
    expect(response.status).toBe(503)
    expect([provider.forms.length - before, await isIn(real.gateway, cookie)]).toEqual([0, true])
  })

  it('says in the log that tokens stay out where the store does not show them', async () => {
    const real = await open()
    const cookie = await real.signIn()
    const hidden = real.open({
      store: {
        ...real.store,
        read: async (keys) =>
          keys.some(({ name }) => name.startsWith('tokens:'))
            ? Promise.reject(new Error('down'))
            : real.store.read(keys),
      },
    })
    const response = await hidden.gateway.endpoints.fetch(
      new Request(`${self}/.sallyport/sign-out`, { method: 'POST', headers: { cookie, ...form } }),
    )
    expect([response.status, await isIn(real.gateway, cookie)]).toEqual([200, false])
    expect(real.audit.at(-1)).toMatchObject({ outcome: 'not-told', reason: 'store-unavailable', subject: 'alice' })
  })

  it('tells only the provider that the session came from', async () => {
    const { gateway, store, now } = await open({ origin: { rules: [{ path: '/*', access: 'signed-in' }] } })
    const { cookie } = await laySession(store, { subject: 'ann', issuer: 'origin:app', ttlSeconds: 600 }, now())
    const asked = provider.asked.length
    const response = await gateway.gateway.endpoints.fetch(
      new Request(`${self}/.sallyport/sign-out`, {
        method: 'POST',
        headers: { cookie: `__Host-sallyport=${cookie}`, ...form },
      }),
    )
    expect([response.status, response.headers.get('location'), provider.asked.length - asked]).toEqual([303, '/', 0])
  })

  it('asks the provider without a hint where the tokens are gone', async () => {
    const { signIn, browser, store } = await open()
    const visitor = browser()
    const cookie = await signIn('alice', visitor)
    const key = await testBook.session(cookie.split('=')[1] ?? '')
    const [text] = await store.read([key])
    await store.delete({ place: key.place, name: `tokens:${JSON.parse(text ?? '').id}` })
    const address = await onwards(await signOut(visitor))
    expect([address.searchParams.get('client_id'), address.searchParams.has('id_token_hint')]).toEqual([
      'gateway',
      false,
    ])
  })
})

describe('a logout that the provider tells by a frame', () => {
  const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' }
  const path = `${self}/.sallyport/frontchannel-logout`

  async function signedIn(asked: Parameters<typeof openRealSignIn>[1] = {}) {
    const real = await open(asked)
    const cookie = await real.signIn('alice')
    const other = await real.signIn('alice')
    const { claims } = JSON.parse((await textOf(real, cookie)) ?? '') as { claims: { sid?: string } }
    // no cookie of ours comes along in a frame of another site
    const tell = (query: Record<string, string> | [string, string][]) =>
      real.browser().go(`${path}?${new URLSearchParams(query)}`, { headers: frame })
    return { ...real, cookie, other, sid: claims.sid ?? '', tell }
  }

  it('ends that session without its cookie, and no other', async () => {
    const { gateway, cookie, other, sid, tell, audit } = await signedIn()
    expect(sid.length).toBeGreaterThan(10)
    const answer = await tell({ iss: provider.issuer, sid })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(answer.headers.get('content-security-policy')).toBe(`default-src 'none'; frame-ancestors ${provider.issuer}`)
    expect([await isIn(gateway, cookie), await isIn(gateway, other)]).toEqual([false, true])
    expect(audit.at(-1)).toMatchObject({ outcome: 'signed-out', subject: 'alice' })
  })

  it('ends all of the subject where the store lists late', async () => {
    const promises = { consistency: 'eventual', atomic: false, stalenessSeconds: 60 } as const
    const late = (now: () => number) => ({
      ...createMemoryStore(now),
      promises,
      list: async () => ({ stored: [], next: null }),
    })
    const { gateway, signIn, cookie, other, sid, tell } = await signedIn({ store: late, origin: { freshness: 5 } })
    expect((await tell({ iss: provider.issuer, sid })).status).toBe(200)
    expect([await isIn(gateway, cookie), await isIn(gateway, other)]).toEqual([false, false])
    // whoever has seen the name since ends nobody by it
    const next = await signIn('alice')
    expect((await tell({ iss: provider.issuer, sid })).status).toBe(200)
    expect(await isIn(gateway, next)).toBe(true)
  })

  it('ends nothing for another issuer, without a sid, or with anything twice', async () => {
    const { gateway, cookie, other, sid, tell } = await signedIn()
    const iss = provider.issuer
    const wrong: [string, string][][] = [
      [
        ['iss', `${iss}/`],
        ['sid', sid],
      ],
      [
        ['iss', 'https://evil.example.com'],
        ['sid', sid],
      ],
      [['sid', sid]],
      [['iss', iss]],
      [
        ['iss', iss],
        ['sid', ''],
      ],
      [
        ['iss', iss],
        ['sid', sid],
        ['sid', 'x'],
      ],
      [
        ['iss', iss],
        ['iss', iss],
        ['sid', sid],
      ],
      [
        ['iss', iss],
        ['sid', 'x'.repeat(1_025)],
      ],
    ]
    for (const query of wrong) {
      const answer = await tell(query)
      expect([answer.status, answer.headers.get('content-security-policy')]).toEqual([
        400,
        "default-src 'none'; frame-ancestors 'none'",
      ])
    }
    expect([await isIn(gateway, cookie), await isIn(gateway, other)]).toEqual([true, true])
  })

  it('says nothing of whether somebody was found, but in the log', async () => {
    const { tell, audit } = await signedIn()
    expect((await tell({ iss: provider.issuer, sid: 'guessed' })).status).toBe(200)
    expect(audit.at(-1)).toMatchObject({ outcome: 'nobody-found', subject: null })
  })

  it('is damped, so that guesses can not flood the store', async () => {
    const { tell } = await signedIn({ environment: { UNKNOWN_LOOKUPS_PER_SECOND: '2' } })
    const statuses = []
    for (let guess = 0; guess < 5; guess++)
      statuses.push((await tell({ iss: provider.issuer, sid: `g${guess}` })).status)
    expect(statuses).toContain(503)
  })

  it('can be told again when the store failed', async () => {
    const real = await signedIn()
    const down = real.open({ store: { ...real.store, read: () => Promise.reject(new Error('down')) } })
    const query = new URLSearchParams({ iss: provider.issuer, sid: real.sid })
    expect((await down.gateway.endpoints.fetch(new Request(`${path}?${query}`))).status).toBe(503)
    expect((await real.tell({ iss: provider.issuer, sid: real.sid })).status).toBe(200)
    expect(await isIn(real.gateway, real.cookie)).toBe(false)
  })
})

const textOf = async ({ store }: RealSignIn, cookie: string) => {
  const [text] = await store.read([await testBook.session(cookie.split('=')[1] ?? '')])
  return text
}
