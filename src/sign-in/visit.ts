/** A person on the way in: what every step knows of their request, and what ends each of them alike. */

import type { Context } from 'hono'
import type { WaitUntil } from '../authenticate/share.ts'
import { factsOf } from '../endpoints/facts.ts'
import type { Own, Told } from '../endpoints/line.ts'
import type { SignInParts } from '../endpoints/sign-in.ts'
import { selfOrigin } from '../head.ts'
import { isNavigation } from '../respond.ts'
import type { Origin } from '../route/table.ts'
import type { MadeFrom } from '../session/session.ts'
import type { Failure } from './failure.ts'
import { failurePage } from './pages.ts'

export interface Visit {
  readonly origin: Origin
  /** `https://app.example.com` */
  readonly self: string
  /** No name is in it twice. */
  readonly query: URLSearchParams
  readonly cookies: string
  readonly from: MadeFrom
  /** What the line of this request in the log is made of. */
  readonly told: Told
  readonly waitUntil: WaitUntil
}

/** null: there is nothing at this address for this origin. */
export type Step = (visit: Visit) => Promise<Response | null>

export type Visits = ReturnType<typeof createVisits>

export function createVisits({ table, publicScheme, now, audit }: SignInParts) {
  return { receive, fail, signedIn }

  function receive(step: Step): (c: Context<Own>) => Promise<Response> {
    return async (c) => {
      const request = c.req.raw
      const url = new URL(request.url)
      const origin = table.originOf(url.host)
      if (!origin || origin.providers.length === 0) return c.notFound()
      const pending: Promise<unknown>[] = []
      const here: Visit = {
        origin,
        self: selfOrigin({ scheme: publicScheme ?? (url.protocol === 'https:' ? 'https' : 'http'), host: url.host }),
        query: url.searchParams,
        cookies: request.headers.get('cookie') ?? '',
        from: { address: factsOf(c).clientAddress, userAgent: request.headers.get('user-agent') },
        told: c.var.told,
        waitUntil: (work) => void pending.push(work.catch(() => undefined)),
      }
      try {
        if (!isPersonal(request)) return fail(here, { reason: 'not-a-navigation' }, null)
        const doubled = [...here.query.keys()].find((name) => here.query.getAll(name).length > 1)
        if (doubled !== undefined) return fail(here, { reason: 'malformed', what: 'a parameter twice' }, null)
        return (await step(here)) ?? c.notFound()
      } catch (error) {
        const cause = error instanceof Error ? `${error.name}: ${error.stack ?? ''}` : 'unknown'
        return fail(here, { reason: 'fault', cause }, null)
      } finally {
        // what is begun for others (keys, documents) ends with this request on some runtimes: so it waits
        await Promise.all(pending)
      }
    }
  }

  function fail(here: Visit, failure: Failure, provider: string | null, cookies: readonly string[] = []): Response {
    const { reason, ...why } = failure
    here.told.reason = reason
    audit({ ...entryOf(here, provider), outcome: 'failed', reason, why, subject: null })
    const response = failurePage(failure, here.told.requestId)
    for (const cookie of cookies) response.headers.append('set-cookie', cookie)
    return response
  }

  function signedIn(here: Visit, provider: string, subject: string): void {
    here.told.subject = subject
    audit({ ...entryOf(here, provider), outcome: 'signed-in', reason: null, why: null, subject })
  }

  function entryOf({ told, origin }: Visit, provider: string | null) {
    return { kind: 'sign-in', at: now(), requestId: told.requestId, origin: origin.name, provider } as const
  }
}

/** A person's browser window, and not what it fetches in advance. */
const isPersonal = ({ method, headers }: Request): boolean =>
  method === 'GET' &&
  isNavigation({ method, headers }) &&
  !/prefetch|prerender/i.test(headers.get('sec-purpose') ?? headers.get('purpose') ?? '')

/** What stands in the address that one comes from is nobody's business where one goes. */
export function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'referrer-policy': 'no-referrer' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
