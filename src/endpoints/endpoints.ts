/** The endpoints of our own: Hono's, exact paths, and never forwarded. */

import { Hono } from 'hono/tiny'
import { type AdminParts, createAdmin } from '../admin/admin.ts'
import type { AssertionSigner } from '../forward/assertion.ts'
import { type CheckParts, createCheckEndpoint } from './check.ts'
import { type CsrfEndpointParts, createCsrfEndpoint } from './csrf.ts'
import { createLine, type LineParts, type Own } from './line.ts'
import { refused } from './refused.ts'
import { createReportsEndpoint, type ReportsEndpointParts } from './reports.ts'
import { createResourceEndpoint, type ResourceEndpointParts } from './resource.ts'
import type { SignIn } from './sign-in.ts'
import { createVisitorEndpoints, type VisitorParts } from './visitor.ts'

export interface EndpointParts {
  readonly line: LineParts
  /** null: nothing here is asserted, so there are no keys to show. */
  readonly signer: AssertionSigner | null
  readonly resources: ResourceEndpointParts
  /** null: no CSRF tokens are given out. */
  readonly csrf: CsrfEndpointParts | null
  /** null: nobody signs in here. */
  readonly signIn: SignIn | null
  /** null: reports of broken policies go nowhere. */
  readonly reports: ReportsEndpointParts | null
  /** null: nobody else's proxy asks. */
  readonly check: CheckParts | null
  /** null: no sessions are kept here. */
  readonly visitor: VisitorParts | null
  /** null: there is no admin API. */
  readonly admin: AdminParts | null
}

/**
 * What lives under `/.sallyport/` and `/.well-known/sallyport/`: exact paths, on every host, never forwarded; and, where
 * an origin takes tokens, what API clients are told of it.
 */
export function createEndpoints(parts: EndpointParts): Hono<Own> {
  const { line, signer, resources, csrf, signIn, reports, check, visitor, admin } = parts
  const app = new Hono<Own>()
  app.use(createLine(line))
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', c.res.headers.get('Cache-Control') ?? 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
  })
  app.get('/.sallyport/health', (c) => c.text('ok\n'))
  if (signer) {
    app.get('/.well-known/sallyport/jwks.json', async (c) => {
      c.header('Cache-Control', 'public, max-age=300')
      return c.json(await signer.publicKeys)
    })
  }
  app.route('/', createResourceEndpoint(resources))
  if (csrf) app.route('/', createCsrfEndpoint(csrf))
  if (signIn) app.route('/', signIn.endpoints)
  if (reports) app.route('/', createReportsEndpoint(reports))
  if (check) app.route('/', createCheckEndpoint(check))
  if (visitor) app.route('/', createVisitorEndpoints(visitor))
  if (admin) app.route('/', createAdmin(admin))
  app.notFound((c) => refused(c, { reason: 'no-rule' }))
  app.onError((error, c) => refused(c, { reason: 'fault', cause: `${error.name}: ${error.stack ?? ''}` }))
  return app
}
