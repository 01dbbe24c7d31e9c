/** A gateway that keeps sessions: its origin vouches, its admin API is there, a clock in the hand. */

import type { Answer } from '../../src/respond.ts'
import type { SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway, type TestGateway } from './gateway.ts'
import { head } from './head.ts'

export const vouchSecret = 'the-secret-that-the-old-app-knows-too'
export const adminSecret = 'the-secret-of-those-who-administer-it'
export const at = 'https://app.example.com'

export interface Kept extends TestGateway {
  readonly store: SessionStore
  /** Seconds go by. */
  pass(seconds: number): void
  now(): number
  /** What a client gets when the upstream answers so; the request's id is given to what makes the answer's headers. */
  vouch(
    request: string,
    headers: Record<string, string>,
    upstream: (
      requestId: string,
    ) => readonly (readonly [string, string])[] | Promise<readonly (readonly [string, string])[]>,
  ): Promise<Answer>
  /** Calls an endpoint of the gateway's own. */
  call(method: string, path: string, headers?: Record<string, string>, body?: unknown): Promise<Response>
  admin(method: string, path: string, body?: unknown): Promise<Response>
}

export function openKept(environment: Record<string, string> = {}, store?: SessionStore): Kept {
  let now = 1_800_000_000
  const kept = store ?? createMemoryStore(() => now)
  const origin = (name: string, host: string) => ({
    name,
    host,
    upstream: 'http://127.0.0.1:1',
    session: { claims: ['email', 'org.unit'], clearSiteData: name === 'app' },
    cors: { origins: ['https://console.example.com'], credentials: true },
    freshness: 5,
    rules: [
      { path: '/login', access: 'public', signIn: 'vouched' },
      { path: '/strict', access: 'signed-in', freshness: 0 },
      { path: '/stale', access: 'signed-in', freshness: 0, staleIfError: 60 },
      { path: '/admin', access: { roles: ['admin'] } },
      { path: '/*', access: 'signed-in' },
    ],
  })
  const routes = { origins: [origin('app', 'app.example.com'), origin('other', 'other.example.com')] }
  const settings = { SESSION_STORE: 'memory', VOUCH_SECRET: vouchSecret, ADMIN_SECRET: adminSecret, ...environment }
  const opened = openTestGateway(routes, settings, { store: kept, now: () => now })
  const call: Kept['call'] = async (method, path, headers = {}, body = undefined) =>
    opened.gateway.endpoints.fetch(
      new Request(`${at}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    )
  return {
    ...opened,
    store: kept,
    now: () => now,
    pass(seconds) {
      now += seconds
    },
    call,
    admin: (method, path, body) =>
      call(method, `/.sallyport/admin${path}`, { authorization: `Bearer ${adminSecret}` }, body),
    async vouch(request, headers, upstream) {
      const begun = await opened.gateway.begin({ ...head(request), headers: new Headers(headers) }, () => undefined)
      if (begun.kind !== 'forward') throw new Error('it was not forwarded')
      const id = begun.plan.headers.find(([name]) => name === 'x-request-id')?.[1] ?? ''
      return (await (begun.vouch ?? begun.finish)({ status: 303, headers: await upstream(id) })).answer
    },
  }
}

/** `name=value` of the gateway's cookie that an answer sets, or null. */
export function cookieOf(answer: { readonly headers: Iterable<readonly [string, string]> }): string | null {
  for (const [name, value] of answer.headers)
    if (name === 'set-cookie' && value.startsWith('__Host-sallyport=')) return value.split(';', 1)[0] ?? null
  return null
}

export const proven = (who: unknown): readonly (readonly [string, string])[] => [
  ['x-sallyport-sign-in', JSON.stringify(who)],
  ['x-sallyport-proof', `secret ${vouchSecret}`],
]
