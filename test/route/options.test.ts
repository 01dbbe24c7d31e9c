import { describe, expect, it } from 'vitest'
import type * as z from 'zod/mini'
import { gatewaySchema, type RuleConfig } from '../../src/route/schema.ts'
import { makeCookieValue } from '../../src/session/cookie.ts'
import type { SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { headerOf, openTestGateway } from '../support/gateway.ts'
import { head } from '../support/head.ts'
import { originOf } from '../support/routes.ts'
import { laySession } from '../support/sessions.ts'
import { openSignInGateway } from '../support/sign-in-gateway.ts'

const at = 'https://app.example.com'
const cookie = `__Host-sallyport=${makeCookieValue()}`
const record = {
  v: 1,
  id: 's-1',
  subject: 'ann',
  issuer: 'https://i.example.com',
  claims: {},
  roles: [],
  scopes: [],
  createdAt: Date.now() / 1000,
  lastSeenAt: Date.now() / 1000,
  expiresAt: 4_000_000_000,
  endsAt: 4_000_000_000,
}

/** A gateway of one rule, with one session in its store until `end` is called. */
function open(rule: Partial<RuleConfig>) {
  let text: string | null = JSON.stringify(record)
  let isDown = false
  const read: SessionStore['read'] = async (keys) => {
    if (isDown) throw new Error('down')
    return keys.map(({ name }) => (name.startsWith('session:') ? text : null))
  }
  const store = { ...createMemoryStore(() => Date.now() / 1000), read }
  const routes = { origins: [originOf([{ path: '/a', access: 'signed-in', ...rule }])] }
  const { ask, gateway } = openTestGateway(routes, { SESSION_STORE: 'memory' }, { store })
  const status = async (request: string, headers: Record<string, string> = { cookie }): Promise<number> =>
    (await ask(request, headers)).answer.status
  const end = (): void => {
    text = null
  }
  const fail = (): void => {
    isDown = true
  }
  return { ask, gateway, status, end, fail }
}

/** For each key that a rule may have: what it refuses, beside the like that it lets through. */
const denials: Readonly<Record<keyof RuleConfig, () => Promise<void>>> = {
  async path() {
    const { status } = open({ path: '/a' })
    expect([await status(`GET ${at}/a`), await status(`GET ${at}/b`)]).toEqual([200, 404])
  },
  async methods() {
    const { status } = open({ methods: ['GET'] })
    expect([await status(`GET ${at}/a`), await status(`HEAD ${at}/a`)]).toEqual([200, 404])
  },
  async access() {
    expect(await open({ access: 'signed-in' }).status(`GET ${at}/a`)).toBe(200)
    expect(await open({ access: 'signed-in' }).status(`GET ${at}/a`, {})).toBe(401)
    expect(await open({ access: { roles: ['admin'] } }).status(`GET ${at}/a`)).toBe(403)
  },
  async mode() {
    expect(await open({ mode: 'report' }).status(`GET ${at}/a`, {})).toBe(200)
    expect(await open({ mode: 'enforce' }).status(`GET ${at}/a`, {})).toBe(401)
  },
  async cors() {
    const { status } = open({ cors: { origins: ['https://friend.example'] } })
    const preflight = (origin: string) => status(`OPTIONS ${at}/a`, { origin, 'access-control-request-method': 'GET' })
    expect([await preflight('https://friend.example'), await preflight('https://evil.example')]).toEqual([204, 403])
  },
  async csrf() {
    const { status } = open({ csrf: { origins: ['https://friend.example'] } })
    const post = (origin: string) => status(`POST ${at}/a`, { cookie, origin })
    expect([await post('https://friend.example'), await post('https://evil.example')]).toEqual([200, 403])
  },
  async headers() {
    const framed = async (headers: 'legacy' | 'strict') =>
      headerOf((await open({ headers }).ask(`GET ${at}/a`, { cookie })).answer, 'x-frame-options')
    expect([await framed('legacy'), await framed('strict')]).toEqual(['SAMEORIGIN', 'DENY'])
  },
  async identity() {
    const forged = { cookie, 'x-remote-user': 'root' }
    const { sent } = await open({ identity: { headers: { 'X-Remote-User': 'subject' } } }).ask(`GET ${at}/a`, forged)
    expect(sent.get('x-remote-user')).toBe('ann')
  },
  async freshness() {
    for (const [freshness, status] of [
      [5, 200],
      [0, 401],
    ] as const) {
      const gateway = open({ freshness })
      expect(await gateway.status(`GET ${at}/a`)).toBe(200)
      gateway.end()
      expect(await gateway.status(`GET ${at}/a`)).toBe(status)
    }
  },
  async staleIfError() {
    for (const [staleIfError, status] of [
      [60, 200],
      [0, 503],
    ] as const) {
      const gateway = open({ freshness: 0, staleIfError })
      expect(await gateway.status(`GET ${at}/a`)).toBe(200)
      gateway.fail()
      expect(await gateway.status(`GET ${at}/a`)).toBe(status)
    }
  },
  async signIn() {
    expect(() => open({ signIn: 'vouched' })).toThrow(/VOUCH_SECRET/)
  },
  async accessToken() {
    // a session that was made without the provider has none to pass on
    const store = createMemoryStore(() => Date.now() / 1000)
    const { cookie } = await laySession(store, { subject: 'ann', ttlSeconds: 60 }, Date.now() / 1000)
    const rules = [
      { path: '/with', access: 'signed-in', accessToken: true },
      { path: '/*', access: 'signed-in' },
    ]
    const { ask } = await openSignInGateway({ store, origin: { rules } })
    const status = async (path: string) =>
      (await ask(`GET ${at}${path}`, { cookie: `__Host-sallyport=${cookie}` })).answer.status
    expect([await status('/without'), await status('/with')]).toEqual([200, 401])
    expect(() => open({ accessToken: true })).toThrow(/nobody signs in with a provider/)
    expect(() => open({ access: 'public', accessToken: true })).toThrow(/a public rule asks nobody/)
  },
  async pass() {
    const sent = async (authorization: boolean) =>
      (await open({ pass: { authorization } }).ask(`GET ${at}/a`, { cookie, authorization: 'Basic YTpi' })).sent
    expect([(await sent(true)).has('authorization'), (await sent(false)).has('authorization')]).toEqual([true, false])
    const cookies = async (sessionCookie: boolean) =>
      (await open({ pass: { sessionCookie } }).ask(`GET ${at}/a`, { cookie: `${cookie}; theme=dark` })).sent.get(
        'cookie',
      )
    expect([await cookies(true), await cookies(false)]).toEqual([`${cookie}; theme=dark`, 'theme=dark'])
  },
  async timeouts() {
    const { gateway } = open({ timeouts: { firstByteSeconds: 1 } })
    const begun = await gateway.begin(head(`GET ${at}/a`, { cookie }), () => undefined)
    expect(begun.kind === 'forward' && begun.plan.firstByteSeconds).toBe(1)
    expect(begun.kind === 'forward' && begun.fail({ reason: 'upstream-timeout', seconds: 1 }).status).toBe(504)
  },
  async limits() {
    const { status } = open({ limits: { bodyBytes: 3 } })
    const put = (length: string) => status(`PUT ${at}/a`, { cookie, origin: at, 'content-length': length })
    expect([await put('3'), await put('4')]).toEqual([200, 413])
  },
  async retries() {
    const again = async (retries: number, method = 'GET') => {
      const begun = await open({ retries }).gateway.begin(
        head(`${method} ${at}/a`, { cookie, origin: at }),
        () => undefined,
      )
      return begun.kind === 'forward' && begun.again(begun.plan, 1, false) !== null
    }
    expect([await again(1), await again(0), await again(1, 'POST')]).toEqual([true, false, false])
  },
  async rewrite() {
    const url = async (request: string) => {
      const begun = await open({ path: '/a/*', rewrite: { from: '/a', to: '/b' } }).gateway.begin(
        head(request, { cookie }),
        () => undefined,
      )
      return begun.kind === 'forward'
        ? new URL(begun.plan.url).pathname
        : begun.kind === 'answer' && begun.answer.status
    }
    expect([await url(`GET ${at}/a/x`), await url(`GET ${at}/a/../x`)]).toEqual(['/b/x', 400])
  },
  async cookies() {
    const set = async (httpOnly: boolean) =>
      headerOf(
        (await open({ cookies: { httpOnly } }).ask(`GET ${at}/a`, { cookie }, [['set-cookie', 'a=1']])).answer,
        'set-cookie',
      )
    expect([await set(false), await set(true)]).toEqual(['a=1', 'a=1; HttpOnly'])
  },
  async cache() {
    const rule = { access: 'public', cache: { key: 'url' } } as const
    const { answer, sent } = await open(rule).ask(`GET ${at}/a`, { cookie: 'a=1' }, [['set-cookie', 'b=2']])
    expect([sent.has('cookie'), headerOf(answer, 'set-cookie')]).toEqual([false, null])
  },
}

describe('each option of a rule denies', () => {
  it.each(Object.entries(denials))('%s', (_, denial) => denial())

  it('and none is without a test in which it does', () => {
    expect(ruleKeys().sort()).toEqual(Object.keys(denials).sort())
  })
})

interface Def {
  readonly shape: Readonly<Record<string, z.ZodMiniType>>
  readonly element: z.ZodMiniType
}
const defOf = (schema: z.ZodMiniType | undefined): Partial<Def> => (schema?._zod.def ?? {}) as Partial<Def>

function ruleKeys(): string[] {
  const origin = defOf(defOf(defOf(gatewaySchema).shape?.['origins']).element)
  return Object.keys(defOf(defOf(origin.shape?.['rules']).element).shape ?? {})
}
