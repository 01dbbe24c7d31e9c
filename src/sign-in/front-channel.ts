/**
 * `/.sallyport/frontchannel-logout`: for providers that can say only by a frame in their own page that a session is
 * over (OpenID Connect Front-Channel Logout 1.0). Our cookie doesn't come along in a frame of somebody else's page, so
 * the session is found by the provider's name for it, which nobody knows but the provider and those it signed in for.
 */

import type { Context } from 'hono'
import { createAllowance } from '../authenticate/allowance.ts'
import { within } from '../authenticate/share.ts'
import type { Own } from '../endpoints/line.ts'
import type { SignInParts } from '../endpoints/sign-in.ts'
import type { Provider } from '../route/compile-provider.ts'
import { isSid } from './logout-token.ts'
import { createEnding } from './over.ts'

export const frontChannelPath = '/.sallyport/frontchannel-logout'

export function createFrontChannel(parts: SignInParts) {
  const { providers, table, lifetimes, now, audit, timeoutMilliseconds } = parts
  const endSessions = createEnding(parts)
  // nothing here is signed: made-up names must not flood the store
  const allowance = createAllowance(lifetimes.unknownPerSecond, now)
  return async (c: Context<Own>): Promise<Response> => {
    const url = new URL(c.req.url)
    const origin = table.originOf(url.host)
    if (!origin || origin.providers.length === 0) return c.notFound()
    const [iss, ...otherIss] = url.searchParams.getAll('iss')
    const [sid, ...otherSid] = url.searchParams.getAll('sid')
    const known = origin.providers.flatMap((name) => providers.get(name) ?? [])
    const provider = known.find(({ issuer }) => issuer === iss)
    if (!provider || !isSid(sid) || otherIss.length + otherSid.length > 0) return answer(400, null)
    const line = { kind: 'sign-in', at: now(), requestId: c.var.told.requestId, origin: origin.name } as const
    if (!allowance.take()) return answer(503, provider)
    try {
      const { subject } = await within(timeoutMilliseconds, endSessions(provider.issuer, { subject: null, sid }))
      if (subject !== null) allowance.giveBack()
      audit({
        ...line,
        provider: provider.name,
        outcome: subject === null ? 'nobody-found' : 'signed-out',
        reason: null,
        why: null,
        subject,
      })
      return answer(200, provider)
    } catch (error) {
      const cause = error instanceof Error ? error.name : 'unknown'
      const why = { reason: 'store-unavailable', why: { cause }, subject: null }
      audit({ ...line, provider: provider.name, outcome: 'failed', ...why })
      return answer(503, provider)
    }
  }
}

/** Says nothing of whether anybody was found. The provider's page may frame it, and no other. */
const answer = (status: number, provider: Provider | null): Response =>
  new Response(null, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; frame-ancestors ${provider ? new URL(provider.issuer).origin : "'none'"}`,
    },
  })
