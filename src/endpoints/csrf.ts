/** `/.sallyport/csrf`: gives the page of someone who is signed in a token to send back. */

import { Hono } from 'hono/tiny'
import type { Authenticator } from '../authenticate/authenticate.ts'
import { readCredential } from '../authenticate/credential.ts'
import type { Table } from '../route/table.ts'
import { type CsrfTokens, csrfField, csrfHeader, isYoung, readCsrfCookie, setCsrfCookie } from '../shield/csrf-token.ts'
import { factsOf } from './facts.ts'
import type { Own } from './line.ts'
import { refused } from './refused.ts'

export interface CsrfEndpointParts {
  readonly table: Pick<Table, 'originOf'>
  readonly tokens: CsrfTokens
  readonly authenticate: Authenticator
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** `{ token, header, field }`, and the cookie that the token has to agree with. Nothing of it is readable elsewhere. */
export function createCsrfEndpoint({ table, tokens, authenticate, now }: CsrfEndpointParts): Hono<Own> {
  const app = new Hono<Own>()
  app.get('/.sallyport/csrf', async (c) => {
    const { headers } = c.req.raw
    const origin = table.originOf(new URL(c.req.url).host)
    if (!origin?.session || !origin.routes.some((route) => route.csrf.token)) return c.notFound()
    // another site that makes a browser ask would only put the pages of ours out of step
    const site = headers.get('sec-fetch-site') ?? 'same-origin'
    if (site !== 'same-origin' && site !== 'none') return refused(c, { reason: 'forged', from: site })
    const credential = readCredential(headers, {
      session: true,
      site: origin.sessionOptions.site,
      bearer: false,
      passAuthorization: false,
    })
    if (!credential.ok) return refused(c, credential.error)
    if (credential.value.kind !== 'session') return refused(c, { reason: 'no-credential' })
    const { cookie } = credential.value
    const terms = { issuers: [], freshnessSeconds: 0, staleIfErrorSeconds: 0, origin: origin.name }
    const principal = await authenticate(credential.value, terms, factsOf(c).waitUntil, c.var.told.spent)
    if (!principal.ok) return refused(c, principal.error)

    const cookies = headers.get('cookie') ?? ''
    const last = readCsrfCookie(cookies)
    const isGood = last !== null && isYoung(last, now()) && (await tokens.check(last, { session: cookie, cookies }))
    const token = isGood ? last : await tokens.issue(cookie)
    c.header('Set-Cookie', setCsrfCookie(token))
    return c.json({ token, header: csrfHeader, field: csrfField })
  })
  return app
}
