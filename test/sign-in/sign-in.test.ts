import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAddressBook } from '../../src/session/address.ts'
import { defaultPlaceKey } from '../../src/session/settings.ts'
import { codeRequest, openSignInGateway, self } from '../support/sign-in-gateway.ts'

const cookieOf = (response: Response): string | undefined =>
  response.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-sallyport='))

describe('signing in', () => {
  it('sends a person to the provider with PKCE, state and nonce', async () => {
    const { start, visitor } = await openSignInGateway()
    const asked = await start()
    expect(asked.origin + asked.pathname).toBe('https://id.example.com/authorize')
    expect(Object.fromEntries(asked.searchParams)).toEqual(codeRequest)
    expect([...visitor.cookies(self).keys()]).toEqual([
      `__Host-sign-in-sallyport-${asked.searchParams.get('state')?.slice(0, 8)}`,
    ])
  })

  it('brings a person back to where they were going, as who the provider says', async () => {
    const { start, answer, visitor, provider, audit, ask } = await openSignInGateway()
    const asked = await start()
    const response = await visitor.go(answer(asked))
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/orders?page=2')
    expect(cookieOf(response)).toMatch(/^__Host-sallyport=v1\.[\w.-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/)
    expect(audit).toEqual([expect.objectContaining({ outcome: 'signed-in', subject: 'alice', provider: 'corp' })])

    const token = provider.asked.find(({ path }) => path === '/token')
    const verifier = token?.form.get('code_verifier') ?? ''
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(asked.searchParams.get('code_challenge'))
    expect(token?.headers.get('authorization')).toBe(`Basic ${btoa('gateway:a+secret%3A+with%2Bsigns')}`)

    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    const page = await ask('GET https://app.example.com/orders?page=2', { cookie })
    expect([page.forwarded, page.sent.get('x-remote-user')]).toEqual([true, 'alice'])
  })

  it('sends a navigation without session to sign in by itself', async () => {
    const { ask } = await openSignInGateway()
    const { answer } = await ask('GET https://app.example.com/orders?page=2', { accept: 'text/html' })
    expect(answer.status).toBe(303)
    expect(answer.headers).toContainEqual(['location', '/.sallyport/sign-in?return_to=%2Forders%3Fpage%3D2'])
  })

  it('gives the browser a new session each time, and ends the one it had', async () => {
    const { start, answer, visitor, ask } = await openSignInGateway()
    const planted = new Set<string>()
    for (let round = 0; round < 3; round++) {
      await visitor.go(answer(await start()))
      planted.add(visitor.cookies(self).get('__Host-sallyport') ?? '')
    }
    expect(planted.size).toBe(3)
    const passes = []
    for (const value of planted) {
      const { forwarded } = await ask('GET https://app.example.com/', { cookie: `__Host-sallyport=${value}` })
      passes.push(forwarded)
    }
    expect(passes).toEqual([false, false, true])
  })

  it('makes none that outlives an end of all that came while the provider was asked', async () => {
    const secret = 'the-admin-secret-of-this-test-that-is-long'
    const opened = await openSignInGateway({ environment: { ADMIN_SECRET: secret } })
    const { start, answer, visitor, provider, gateway, ask, pass } = opened
    const status = async () => {
      const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
      return (await ask('GET https://app.example.com/orders', { cookie })).answer.status
    }
    const asked = await start()
    const { token } = provider
    provider.token = async (body) => {
      pass(1)
      const ended = await gateway.endpoints.request(`${self}/.sallyport/admin/sessions/end`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ issuer: provider.issuer, subject: 'alice' }),
      })
      expect(ended.status).toBe(204)
      pass(1)
      return token(body)
    }
    await visitor.go(answer(asked))
    expect(await status()).toBe(401)
    provider.token = token
    await visitor.go(answer(await start()))
    expect(await status()).toBe(200)
  })

  it('makes a session for the origin where it was asked for: another may trust other providers', async () => {
    const other = {
      name: 'vault',
      host: 'vault.example.com',
      upstream: 'https://vault.example.net',
      session: true,
      rules: [{ path: '/*', access: 'signed-in' }],
    }
    const { start, answer, visitor, ask } = await openSignInGateway({ others: [other] })
    await visitor.go(answer(await start()))
    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    expect((await ask('GET https://app.example.com/', { cookie })).forwarded).toBe(true)
    const elsewhere = await ask('GET https://vault.example.com/', { cookie })
    expect([elsewhere.forwarded, elsewhere.answer.status]).toEqual([false, 401])
  })

  it('notes in the session whence it was made, as the platform knows it and not as the client says', async () => {
    const { gateway, start, answer, visitor, store } = await openSignInGateway()
    const asked = await start()
    const cookie = [...visitor.cookies(self)].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = {
      accept: 'text/html',
      cookie,
      'user-agent': 'Browser/1',
      'x-forwarded-for': '198.51.100.1',
      'cf-connecting-ip': '198.51.100.1',
    }
    await gateway.endpoints.fetch(new Request(answer(asked), { headers }), { clientAddress: '203.0.113.7' })
    const place = await createAddressBook(defaultPlaceKey).place('https://id.example.com', 'alice')
    const [made] = (await store.list(place, null)).stored
    expect(JSON.parse(made?.text ?? '')).toMatchObject({ address: '203.0.113.7', userAgent: 'Browser/1' })
  })

  it('lets five tabs sign in that began at once, in any order', async () => {
    const { start, answer, visitor, provider } = await openSignInGateway()
    // none has the cookies of another yet: each tab asked before any was answered
    const tabs = []
    const jar = visitor.cookies(self)
    const handedOut = new Map<string, string>()
    for (let tab = 0; tab < 5; tab++) {
      jar.clear()
      const asked = await start(visitor, `/.sallyport/sign-in?return_to=/tab/${tab}`)
      for (const [name, value] of jar) handedOut.set(name, value)
      tabs.push({ url: answer(asked), path: `/tab/${tab}`, nonce: asked.searchParams.get('nonce') ?? '' })
    }
    for (const [name, value] of handedOut) jar.set(name, value)
    expect(jar.size).toBe(5)
    for (const { url, path, nonce } of tabs.reverse()) {
      provider.nonce = nonce
      expect((await visitor.go(url)).headers.get('location')).toBe(path)
    }
  })

  it('asks the provider about an answer once, though it is shown again and again with its cookie', async () => {
    const { start, answer, visitor, provider, audit, stranger } = await openSignInGateway()
    const jar = visitor.cookies(self)
    const url = answer(await start())
    const kept = [...jar]
    const twin = stranger()
    for (const [name, value] of kept) twin.cookies(self).set(name, value)
    const questions = () => provider.asked.filter(({ path }) => path === '/token').length
    const both = await Promise.all([visitor.go(url), twin.go(url)])
    expect([both.map(({ status }) => status).sort(), questions()]).toEqual([[303, 400], 1])
    for (let time = 0; time < 10; time++) {
      for (const [name, value] of kept) jar.set(name, value)
      expect((await visitor.go(url)).status).toBe(400)
      expect(audit.at(-1)).toMatchObject({ outcome: 'failed', reason: 'no-transaction', provider: 'corp' })
    }
    expect(questions()).toBe(1)
    expect((await visitor.go(answer(await start()))).status).toBe(303)
  })

  it('keeps no more than five sign-ins under way', async () => {
    const gateway = await openSignInGateway()
    const first = await gateway.start()
    for (let tab = 0; tab < 5; tab++) {
      gateway.pass(1)
      await gateway.start()
    }
    expect(gateway.visitor.cookies(self).size).toBe(5)
    await gateway.visitor.go(gateway.answer(first))
    expect(gateway.audit[0]?.reason).toBe('no-transaction')
  })

  it('forgets a sign-in after ten minutes', async () => {
    const gateway = await openSignInGateway()
    const asked = await gateway.start()
    gateway.pass(600)
    const response = await gateway.visitor.go(gateway.answer(asked))
    expect([response.status, gateway.audit[0]?.reason]).toEqual([400, 'transaction-expired'])
  })

  it('begins none for what is no navigation', async () => {
    const { visitor } = await openSignInGateway()
    const response = await visitor.go(`${self}/.sallyport/sign-in`, { headers: { accept: 'application/json' } })
    expect([response.status, response.headers.getSetCookie()]).toEqual([400, []])
    const post = await visitor.go(`${self}/.sallyport/sign-in`, { method: 'POST' })
    expect([post.status, post.headers.getSetCookie()]).toEqual([404, []])
  })

  it('shows a page to choose on where there are several providers, and only those of the origin', async () => {
    const { visitor } = await openSignInGateway({
      more: {
        partner: { issuer: 'https://partner.example.com', clientId: 'p', label: 'Partner & <Co>' },
        hidden: { issuer: 'https://hidden.example.com', clientId: 'h' },
      },
      origin: { providers: ['corp', 'partner'] },
    })
    const response = await visitor.go(`${self}/.sallyport/sign-in?return_to=/orders`)
    const page = await response.text()
    expect(response.status).toBe(200)
    expect(page).toContain('/.sallyport/sign-in?provider=corp&#38;return_to=%2Forders')
    expect(page).toContain('Partner &#38; &#60;Co&#62;')
    expect(page).not.toContain('hidden')
    expect(response.headers.getSetCookie()).toEqual([])
    const chosen = await visitor.go(`${self}/.sallyport/sign-in?provider=corp`)
    expect(chosen.headers.get('location')).toContain('https://id.example.com/authorize')
    expect((await visitor.go(`${self}/.sallyport/sign-in?provider=hidden`)).status).toBe(200)
  })

  it('is not there where the origin names no provider', async () => {
    const { visitor } = await openSignInGateway({ origin: { providers: undefined } })
    expect((await visitor.go(`${self}/.sallyport/sign-in`)).status).toBe(404)
    expect((await visitor.go(`${self}/.sallyport/callback/corp?code=x&state=y`)).status).toBe(404)
  })

  it('stops a browser that goes in circles, and lets it try again after a minute', async () => {
    const gateway = await openSignInGateway()
    const { visitor } = gateway
    for (let round = 0; round < 5; round++) await visitor.go(gateway.answer(await gateway.start()))
    const kept = visitor.cookies(self).get('__Host-sallyport')
    const stopped = await visitor.go(gateway.answer(await gateway.start()))
    expect([stopped.status, gateway.audit.at(-1)]).toMatchObject([429, { reason: 'loop', why: { keepsCookie: true } }])
    const page = await stopped.text()
    expect(page).toContain(`429 &middot; loop &middot; request ${gateway.audit.at(-1)?.requestId}`)
    expect(page).toContain('did not take it')
    expect(visitor.cookies(self).get('__Host-sallyport')).toBe(kept)
    visitor.cookies(self).delete('__Host-sallyport')
    const forgetful = await visitor.go(gateway.answer(await gateway.start()))
    expect([forgetful.status, gateway.audit.at(-1)?.why]).toEqual([429, { keepsCookie: false }])
    expect(await forgetful.text()).toContain('Allow cookies')
    expect(visitor.cookies(self).has('__Host-sallyport')).toBe(false)
    gateway.pass(61)
    expect((await visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
  })

  it('takes roles and claims from where the operator says, and nothing else', async () => {
    const gateway = await openSignInGateway({
      provider: { roles: 'realm_access.roles', claims: { mail: 'email', team: 'org.team' } },
    })
    gateway.provider.userinfo = { sub: 'alice', email: 'told@example.com', org: { team: 'blue' }, secret: 'x' }
    gateway.provider.idToken = (good) =>
      gateway.provider.sign({ ...good, email: 'signed@example.com', realm_access: { roles: ['admin', 7] } })
    await gateway.visitor.go(gateway.answer(await gateway.start()))
    const cookie = `__Host-sallyport=${gateway.visitor.cookies(self).get('__Host-sallyport')}`
    const { sent } = await gateway.ask('GET https://app.example.com/', { cookie })
    expect(sent.get('x-remote-roles')).toBe('admin')
  })

  it.each([
    ['basic', 'basic', (auth: string | null) => auth?.startsWith('Basic ')],
    ['post', 'post', (auth: string | null) => auth === null],
  ])('shows the secret by %s where the operator says so', async (_, by, isRight) => {
    const gateway = await openSignInGateway({ provider: { clientAuthentication: by } })
    await gateway.visitor.go(gateway.answer(await gateway.start()))
    const token = gateway.provider.asked.find(({ path }) => path === '/token')
    expect(isRight(token?.headers.get('authorization') ?? null)).toBe(true)
    expect(token?.form.get('client_secret')).toBe(by === 'post' ? 'a secret: with+signs' : null)
  })

  it('goes on by what it knew of a provider that is down, for a day', async () => {
    const gateway = await openSignInGateway()
    await gateway.start()
    gateway.provider.discovery = () => new Response(null, { status: 500 })
    gateway.pass(7_200)
    expect((await gateway.start()).origin).toBe('https://id.example.com')
    gateway.pass(86_400)
    expect((await gateway.visitor.go(`${self}/.sallyport/sign-in`)).status).toBe(503)
  })

  it('refuses routes that name no such provider, read no sessions, or have no key to seal with', async () => {
    await expect(openSignInGateway({ origin: { providers: ['nobody'] } })).rejects.toThrow('no such provider')
    await expect(openSignInGateway({ environment: { SEALING_KEY: 'c2hvcnQ' } })).rejects.toThrow('SEALING_KEY')
    await expect(openSignInGateway({ environment: { CORP_SECRET: '' } })).rejects.toThrow('CORP_SECRET')
  })
})

describe('stepping up', () => {
  const rules = [
    { path: '/vault', access: { signedInWithin: 600 } },
    { path: '/keys', access: { acr: ['mfa', 'hwk'] } },
    { path: '/*', access: 'signed-in' },
  ]

  it('sends a person to sign in again, and lets them pass then', async () => {
    const gateway = await openSignInGateway({ origin: { rules } })
    const { visitor, provider } = gateway
    await visitor.go(gateway.answer(await gateway.start()))
    const cookie = () => `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    const seek = (path: string) => gateway.ask(`GET ${self}${path}`, { cookie: cookie(), accept: 'text/html' })
    // the provider didn't say when: it may have been last week
    expect((await seek('/')).forwarded).toBe(true)
    const sent = (await seek('/vault')).answer.headers.find(([name]) => name === 'location')?.[1] ?? ''
    expect(sent).toBe('/.sallyport/sign-in?return_to=%2Fvault&max_age=600')

    const asked = await gateway.start(visitor, sent)
    // five seconds less: what a provider lets pass by its own clock must not come back
    expect(asked.searchParams.get('max_age')).toBe('595')
    provider.idToken = (good) => provider.sign({ ...good, auth_time: Math.floor(Date.now() / 1000) })
    expect((await visitor.go(gateway.answer(asked))).headers.get('location')).toBe('/vault')
    expect((await seek('/vault')).forwarded).toBe(true)
    gateway.pass(601)
    expect((await seek('/vault')).answer.status).toBe(303)
  })

  it.each([
    ['no auth_time', {}],
    ['an old auth_time', { auth_time: Math.floor(Date.now() / 1000) - 3600 }],
  ])('signs nobody in by %s where it had to be new', async (_, change) => {
    const gateway = await openSignInGateway({ origin: { rules } })
    const asked = await gateway.start(gateway.visitor, '/.sallyport/sign-in?return_to=/vault&max_age=600')
    gateway.provider.idToken = (good) => gateway.provider.sign({ ...good, ...change })
    expect((await gateway.visitor.go(gateway.answer(asked))).status).toBe(502)
    expect(gateway.visitor.cookies(self).has('__Host-sallyport')).toBe(false)
  })

  it('asks for one of the ways that the rule names, and takes no other', async () => {
    const gateway = await openSignInGateway({ origin: { rules } })
    const { visitor, provider } = gateway
    const path = '/.sallyport/sign-in?return_to=/keys&acr_values=mfa+hwk'
    const weak = await gateway.start(visitor, path)
    expect(weak.searchParams.get('acr_values')).toBe('mfa hwk')
    provider.idToken = (good) => provider.sign({ ...good, acr: 'pwd' })
    expect((await visitor.go(gateway.answer(weak))).status).toBe(502)
    expect(gateway.audit.at(-1)?.why).toEqual({ fault: 'acr' })
    const strong = await gateway.start(visitor, path)
    provider.idToken = (good) => provider.sign({ ...good, acr: 'hwk' })
    expect((await visitor.go(gateway.answer(strong))).status).toBe(303)
    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    expect((await gateway.ask(`GET ${self}/keys`, { cookie })).forwarded).toBe(true)
  })

  it('believes nothing of when and how they signed in that the provider did not sign', async () => {
    const gateway = await openSignInGateway({ origin: { rules } })
    const { visitor, provider } = gateway
    provider.userinfo = { sub: 'alice', auth_time: Math.floor(Date.now() / 1000), acr: 'hwk' }
    expect((await visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
    const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    for (const [path, forwarded] of [
      ['/', true],
      ['/vault', false],
      ['/keys', false],
    ] as const)
      expect((await gateway.ask(`GET ${self}${path}`, { cookie })).forwarded).toBe(forwarded)
  })

  it('tells an API what is asked (RFC 9470)', async () => {
    const gateway = await openSignInGateway({ origin: { rules } })
    await gateway.visitor.go(gateway.answer(await gateway.start()))
    const cookie = `__Host-sallyport=${gateway.visitor.cookies(self).get('__Host-sallyport')}`
    const { answer } = await gateway.ask(`GET ${self}/keys`, { cookie, accept: 'application/json' })
    expect(answer.status).toBe(401)
    expect(answer.headers).toContainEqual([
      'www-authenticate',
      'Session realm="app", error="insufficient_user_authentication", acr_values="mfa hwk"',
    ])
  })
})
