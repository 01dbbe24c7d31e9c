import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  clientSecret,
  endAtProvider,
  type IdentityProvider,
  signInAtProvider,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { wholeOutput } from '../support/log-lines.ts'
import { hasRedis, type RedisProcess, startBridge, startRedis } from '../support/redis.ts'
import { type RunningRuntime, runtimeNames, startRuntime } from '../support/runtimes.ts'
import { sealingKey } from '../support/sign-in-gateway.ts'
import { checkSecret } from '../support/surroundings.ts'
import { createVisitor } from '../support/visitor.ts'

/** In half of it 50 requests are answered, or some of them find the new token due as well. */
const tokenSeconds = 12

const entry = { workerd: 'entry/sign-in-worker.ts', deno: 'entry/sign-in-deno.ts', node: 'entry/sign-in-node.ts' }

describe.each(runtimeNames)('signing in at a real provider, on %s', (name) => {
  let provider: IdentityProvider
  let origin: Server
  let redis: RedisProcess | null = null
  let upstash: Awaited<ReturnType<typeof startBridge>> | null = null
  let runtime: RunningRuntime
  let self: string
  const skips = name === 'workerd' && !hasRedis()

  beforeAll(async () => {
    if (skips) return
    provider = await startIdentityProvider()
    origin = createServer((request, response) => {
      response.end(JSON.stringify({ url: request.url, headers: request.headers }))
    })
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
    const store: Record<string, string> = { SESSION_STORE: 'memory' }
    if (name === 'workerd') {
      redis = await startRedis()
      upstash = await startBridge(redis.port)
      Object.assign(store, {
        SESSION_STORE: 'upstash',
        UPSTASH_REDIS_REST_URL: upstash.url,
        UPSTASH_REDIS_REST_TOKEN: upstash.token,
      })
    }
    runtime = await startRuntime(name, {
      entry,
      environment: {
        ...store,
        CORP_ISSUER: provider.issuer,
        CORP_SECRET: clientSecret,
        CHECK_SECRET: checkSecret,
        SEALING_KEY: sealingKey,
        STORE_TIMEOUT_MS: '20000',
        PROVIDER_TIMEOUT_MS: '20000',
        APP_URL: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
      },
    })
    self = `http://127.0.0.1:${runtime.port}`
    await provider.admit(self, {
      issueRefreshToken: () => true,
      rotateRefreshToken: true,
      ttl: {
        AccessToken: tokenSeconds,
        RefreshToken: 3_600,
        Session: 3_600,
        Grant: 3_600,
        IdToken: 3_600,
        Interaction: 600,
      },
    })
  })

  afterAll(async () => {
    if (skips) return
    await runtime?.stop()
    await provider.stop()
    origin.close()
    origin.closeAllConnections()
    await upstash?.close()
    await redis?.stop()
  })

  it.skipIf(skips)('brings a person from the page they wanted to the provider, and back as who they are', async () => {
    const visitor = createVisitor()
    const back = await signInAtProvider(visitor, `${self}/orders?page=2`, 'root')
    const { url, response } = await visitor.follow(back.href)
    expect(url.href).toBe(`${self}/orders?page=2`)
    const seen = (await response?.json()) as { headers: Record<string, string> }
    expect(seen.headers).toMatchObject({
      'x-remote-user': 'root',
      'x-remote-email': 'root@example.com',
      'x-remote-roles': 'admin',
    })
    expect(JSON.stringify(seen.headers)).not.toContain('sallyport=')
    expect((await visitor.go(`${self}/admin/`)).status).toBe(200)
    expect(provider.asked).toContain('POST /request')
    const lines = await wholeOutput(runtime)
    expect(lines).toContain('"outcome":"signed-in"')
    for (const value of visitor.cookies(self).values()) expect(lines).not.toContain(value)
  })

  it.skipIf(skips)('signs five tabs in at once', async () => {
    const visitor = createVisitor()
    const starts = [0, 1, 2, 3, 4].map((tab) => `${self}/.sallyport/sign-in?return_to=/tab/${tab}`)
    const asked = await Promise.all(
      starts.map(async (start) => (await visitor.go(start)).headers.get('location') ?? ''),
    )
    // the first tab signs in; the others find the provider's session
    const backs: URL[] = []
    for (const at of asked) backs.push(await signInAtProvider(visitor, at, 'alice'))
    const returned = await Promise.all(backs.map((back) => visitor.go(back.href)))
    expect(returned.map((response) => response.headers.get('location'))).toEqual(
      [0, 1, 2, 3, 4].map((tab) => `/tab/${tab}`),
    )
    expect((await visitor.go(`${self}/`)).status).toBe(200)
  })

  it.skipIf(skips)('says so when consent was denied, and signs nobody in', async () => {
    const visitor = createVisitor()
    const back = await signInAtProvider(visitor, `${self}/orders`, 'bob', 'no')
    const response = await visitor.go(back.href)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('denied')
    expect(visitor.cookies(self).has('__Host-sallyport')).toBe(false)
  })

  it.skipIf(skips)('takes an answer once: going back and forth changes nothing', async () => {
    const visitor = createVisitor()
    const back = await signInAtProvider(visitor, `${self}/orders`, 'alice')
    expect((await visitor.go(back.href)).status).toBe(303)
    const value = visitor.cookies(self).get('__Host-sallyport')
    expect((await visitor.go(back.href)).status).toBe(400)
    expect(visitor.cookies(self).get('__Host-sallyport')).toBe(value)
    expect((await visitor.go(`${self}/orders`)).status).toBe(200)
  })

  it.skipIf(skips)('signs out where the provider says so, in every browser of that session', async () => {
    const first = createVisitor()
    await first.follow((await signInAtProvider(first, `${self}/orders`, 'carol')).href)
    const second = createVisitor()
    for (const [name, value] of first.cookies(provider.issuer)) second.cookies(provider.issuer).set(name, value)
    await second.follow((await signInAtProvider(second, `${self}/orders`, 'carol')).href)
    const elsewhere = createVisitor()
    await elsewhere.follow((await signInAtProvider(elsewhere, `${self}/orders`, 'carol')).href)
    const statuses = () =>
      Promise.all([first, second, elsewhere].map(async (who) => (await who.go(`${self}/orders`)).status))
    expect(await statuses()).toEqual([200, 200, 200])

    await endAtProvider(first, provider.issuer)
    expect(await statuses()).toEqual([303, 303, 200])
    expect(await wholeOutput(runtime)).toContain('"outcome":"signed-out"')
  })

  it.skipIf(skips)('passes the access token on, refreshed once by 50 requests at a time', async () => {
    const visitor = createVisitor()
    await visitor.follow((await signInAtProvider(visitor, `${self}/orders`, 'dave')).href)
    const bearer = async (): Promise<string> => {
      const answer = await visitor.go(`${self}/api/x`, { headers: { authorization: 'Basic Y2xpZW50OnNlbnQ=' } })
      const { headers } = (await answer.json()) as { headers: Record<string, string> }
      return headers['authorization'] ?? 'nothing'
    }
    const refreshes = () => provider.forms.filter((form) => form['grant_type'] === 'refresh_token').length
    const first = await bearer()
    expect(first).toMatch(/^Bearer [\w-]{40,}$/)
    const before = refreshes()
    await new Promise((resolve) => setTimeout(resolve, (tokenSeconds + 0.5) * 1000))
    const got = new Set(await Promise.all(Array.from({ length: 50 }, bearer)))
    expect([refreshes() - before, got.size, got.has(first)]).toEqual([1, 1, false])
    const [authorization = ''] = got
    const me = await fetch(`${provider.issuer}/me`, { headers: { authorization } })
    expect(await me.json()).toMatchObject({ sub: 'dave' })
    expect(await wholeOutput(runtime)).not.toContain(authorization.slice(7))
  })

  it.skipIf(skips)('gives the access token to the proxy that asks, and to nobody else', async () => {
    const visitor = createVisitor()
    await visitor.follow((await signInAtProvider(visitor, `${self}/orders`, 'frank')).href)
    const { host } = new URL(self)
    const check = async (headers: Record<string, string>) => {
      const answer = await visitor.go(`${self}/.sallyport/check`, {
        headers: {
          'x-sallyport-secret': checkSecret,
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': host,
          'x-forwarded-uri': '/api/x',
          ...headers,
        },
      })
      return [answer.status, answer.headers.get('authorization')] as const
    }
    const [status, authorization] = await check({})
    expect(status).toBe(200)
    const me = await fetch(`${provider.issuer}/me`, { headers: { authorization: authorization ?? '' } })
    expect(await me.json()).toMatchObject({ sub: 'frank' })
    expect(await check({ 'x-forwarded-uri': '/orders' })).toEqual([200, null])
    expect(await check({ 'x-sallyport-secret': 'a-guess-of-somebody-who-would-like-it' })).toEqual([404, null])
  })

  it.skipIf(skips)('signs out here first, then at the provider, and gives the tokens back', async () => {
    const visitor = createVisitor()
    await visitor.follow((await signInAtProvider(visitor, `${self}/orders`, 'erin')).href)
    const value = visitor.cookies(self).get('__Host-sallyport') ?? ''
    const out = await visitor.go(`${self}/.sallyport/sign-out`, {
      method: 'POST',
      headers: { origin: self, 'sec-fetch-site': 'same-origin' },
    })
    const page = await out.text()
    const address = new URL(/content="0;url=([^"]+)"/.exec(page)?.[1]?.replaceAll('&#38;', '&') ?? 'about:blank')
    expect([out.status, address.origin]).toEqual([200, provider.issuer])
    visitor.cookies(self).set('__Host-sallyport', value)
    expect((await visitor.go(`${self}/orders`)).status).toBe(303)
    expect(provider.forms.at(-1)).toMatchObject({ token_type_hint: 'refresh_token' })

    const asking = await (await visitor.go(address.href)).text()
    const ended = await visitor.go(`${provider.issuer}/session/end/confirm`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ xsrf: /name="xsrf" value="([^"]+)"/.exec(asking)?.[1] ?? '', logout: 'yes' })),
    })
    const back = await visitor.go(ended.headers.get('location') ?? '')
    expect(await back.text()).toContain('Signed out')
  })

  it.skipIf(skips)('gives another browser nothing for the same answer', async () => {
    const back = await signInAtProvider(createVisitor(), `${self}/orders`, 'alice')
    const stranger = createVisitor()
    expect((await stranger.go(back.href)).status).toBe(400)
    expect(stranger.cookies(self).size).toBe(0)
  })
})
