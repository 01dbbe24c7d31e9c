/** What a visitor's browser asks of its own session: who am I, another cookie please, sign me out. */

import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { Authenticator } from '../authenticate/authenticate.ts'
import { readCredential } from '../authenticate/credential.ts'
import type { Refusal } from '../decision.ts'
import type { Keeper } from '../keeper.ts'
import { signOutPage, signOutPageHeaders } from '../page.ts'
import { claimAt } from '../principal.ts'
import type { Origin, Table } from '../route/table.ts'
import { clearCookie, setCookie } from '../session/cookie.ts'
import type { Live } from '../session/look.ts'
import { cookieSeconds } from '../session/session.ts'
import { announcedMethod, corsFor, isPreflight, judgePreflight, preflightHeaders } from '../shield/cors.ts'
import { detectForgery } from '../shield/csrf.ts'
import { factsOf } from './facts.ts'
import type { Own } from './line.ts'
import { refused, withHeaders } from './refused.ts'
import type { SignIn } from './sign-in.ts'

export interface VisitorParts {
  readonly table: Pick<Table, 'originOf'>
  readonly authenticate: Authenticator
  readonly keeper: Keeper
  /** null: nobody signs in with a provider. */
  readonly signIn: Pick<SignIn, 'leave'> | null
  /** Set where TLS ends in front of this process. */
  readonly publicScheme: 'http' | 'https' | null
  /** Seconds since the epoch. */
  readonly now: () => number
}

type Pairs = readonly (readonly [string, string])[]

const none: Pairs = []

export function createVisitorEndpoints({
  table,
  authenticate,
  keeper,
  signIn,
  publicScheme,
  now,
}: VisitorParts): Hono<Own> {
  const app = new Hono<Own>()

  app.on(['GET', 'OPTIONS'], '/.sallyport/session', async (c) => {
    const origin = originOf(c)
    if (!origin?.session) return c.notFound()
    const { headers } = c.req.raw
    const cors = corsFor(origin.shield, headers, 'GET')
    if (isPreflight(c.req.method, headers)) return preflight(c, origin)
    if (c.req.method !== 'GET') return c.notFound()
    const credential = readCredential(headers, ownCookie(origin))
    if (!credential.ok) return refused(c, credential.error, cors)
    const terms = { issuers: [], freshnessSeconds: 0, staleIfErrorSeconds: 0, origin: origin.name }
    const principal = await authenticate(credential.value, terms, factsOf(c).waitUntil, c.var.told.spent)
    if (!principal.ok) return refused(c, principal.error, cors)
    if (!principal.value) return refused(c, { reason: 'no-credential' }, cors)
    c.var.told.subject = principal.value.subject
    const { subject, issuer, roles, scopes, claims, expiresAt } = principal.value
    const shown = origin.sessionOptions.claims.map((path) => [path, claimAt(claims, path.split('.'))])
    const body = { subject, issuer, roles, scopes, claims: Object.fromEntries(shown), expiresAt }
    return withHeaders(Response.json(body), cors)
  })

  app.post('/.sallyport/session/rotate', async (c) => {
    const found = await findGuarded(c)
    if ('refusal' in found) return refused(c, found.refusal)
    const rotated = await found.act(({ live }) => keeper.rotate(live, 'visitor'))
    if (rotated instanceof Response) return rotated
    return new Response(null, {
      status: 204,
      headers: rotated
        ? {
            'set-cookie': setCookie(
              rotated.cookie,
              found.origin.sessionOptions.site,
              cookieSeconds(rotated.record, now()),
            ),
          }
        : {},
    })
  })

  app.get('/.sallyport/sign-out', (c) => {
    if (!originOf(c)?.session) return c.notFound()
    return new Response(signOutPage, { headers: signOutPageHeaders })
  })

  app.post('/.sallyport/sign-out', async (c) => {
    const found = await findGuarded(c)
    if ('refusal' in found) return refused(c, found.refusal, found.more)
    const everywhere = new URL(c.req.url).searchParams.get('everywhere') === '1'
    const isNavigation = /^(?:navigate|$)/.test(c.req.header('sec-fetch-mode') ?? '')
    const ended = await found.act(async ({ live }) => {
      if (everywhere) await keeper.endSubject(live.record.issuer, live.record.subject, 'visitor')
      await keeper.end(live, 'sign-out', 'visitor')
      const { origin, self } = found
      const { requestId } = c.var.told
      return { page: (await signIn?.leave({ live, origin, self, isNavigation, requestId })) ?? null }
    })
    if (ended instanceof Response) return ended
    const clear = found.origin.sessionOptions.clearSiteData
      ? [['clear-site-data', '"cache", "cookies", "storage"'] as const]
      : []
    const home = new Response(null, isNavigation ? { status: 303, headers: { location: '/' } } : { status: 204 })
    return withHeaders(ended.page ?? home, [['set-cookie', clearCookie(found.origin.sessionOptions.site)], ...clear])
  })
  return app

  function originOf(c: Context<Own>): Origin | null {
    return table.originOf(new URL(c.req.url).host)
  }

  /** The session of a request that changes something: guarded like any unsafe request with a session. */
  async function findGuarded(c: Context<Own>) {
    const origin = originOf(c)
    const { headers } = c.req.raw
    if (!origin?.session) return no({ reason: 'no-rule' })
    const cleared: Pairs = [['set-cookie', clearCookie(origin.sessionOptions.site)]]
    const url = new URL(c.req.url)
    const self = publicScheme ? `${publicScheme}://${url.host}` : url.origin
    const credential = readCredential(headers, ownCookie(origin))
    if (!credential.ok) return no(credential.error)
    if (credential.value.kind !== 'session') return no({ reason: 'no-credential' })
    const from = detectForgery(
      { method: c.req.method, self: () => self, headers },
      { ...origin.shield, csrf: { ...origin.shield.csrf, exempt: false } },
    )
    if (from !== null) return no({ reason: 'forged', from })
    const { cookie } = credential.value
    // first as any request's is looked up: counted, so that made-up cookies can't flood the store from here
    const terms = { issuers: [], freshnessSeconds: 0, staleIfErrorSeconds: 0, origin: origin.name }
    const known = await authenticate(credential.value, terms, factsOf(c).waitUntil, c.var.told.spent)
    if (!known.ok && known.error.reason === 'store-unavailable') return no(known.error)
    if (!known.ok && known.error.reason === 'bad-session' && known.error.fault === 'unknown')
      return no(known.error, cleared)
    const live = await keeper.find(cookie).catch(nameOf)
    if (typeof live === 'string') return no({ reason: 'store-unavailable', cause: live })
    if (!live) return no({ reason: 'bad-session', fault: 'unknown' }, cleared)
    c.var.told.subject = live.record.subject
    return {
      origin,
      self,
      act: async <T>(work: (found: { live: Live }) => Promise<T>): Promise<T | Response> =>
        work({ live }).catch((error: unknown) => refused(c, { reason: 'store-unavailable', cause: nameOf(error) })),
    }
  }
}

const ownCookie = ({ sessionOptions: { site } }: Origin) =>
  ({ session: true, site, bearer: false, passAuthorization: false }) as const

const no = (refusal: Refusal, more = none) => ({ refusal, more })

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')

function preflight(c: Context<Own>, { shield }: Origin): Response {
  const { headers } = c.req.raw
  const { cors } = shield
  const isGranted =
    cors !== null && cors !== 'upstream' && announcedMethod(headers) === 'GET' && !judgePreflight(cors, 'GET', headers)
  if (!isGranted) return refused(c, { reason: 'cross-origin', from: headers.get('origin') ?? '', lacks: 'origin' })
  return withHeaders(new Response(null, { status: 204 }), [
    ...corsFor(shield, headers, 'GET'),
    ...preflightHeaders(cors, headers),
  ])
}
