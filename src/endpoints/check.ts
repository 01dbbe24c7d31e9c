/** `/.sallyport/check`: the decision alone, for those who keep nginx, Caddy or Traefik in front. */

import { Hono } from 'hono/tiny'
import type { WaitUntil } from '../authenticate/share.ts'
import { nothingSpent } from '../authenticate/spent.ts'
import { type Decision, type Refusal, refuse } from '../decision.ts'
import { identityHeaders } from '../forward/identity.ts'
import { bagOf, type Head, selfOrigin } from '../head.ts'
import { entryOf, type LogEntry } from '../log-entry.ts'
import { extras, outcomeOf } from '../outcome.ts'
import type { Route } from '../route/table.ts'
import { isSameSecret } from '../session/secret.ts'
import type { Own } from './line.ts'

export interface CheckParts {
  /** Whoever shows it is believed about method and URL: nobody else may ask. */
  readonly secret: string
  readonly decide: (head: Head, waitUntil: WaitUntil) => Promise<Decision>
  /** The signed identity, where the route wants one. */
  readonly assertionFor: (decision: Extract<Decision, { kind: 'forward' }>) => Promise<string | null>
  readonly log: (entry: LogEntry, refusal: Refusal | null) => void
  /** Seconds since the epoch. */
  readonly now: () => number
}

export const secretHeader = 'x-sallyport-secret'

/** Each is needed, once: what is missing is never guessed. */
const told = ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'] as const

/**
 * 200 with the identity headers, 401, or 403; 503 where it can't be known. A preflight, or a form that has to show a
 * token in its body, can't be judged by a head and gets 403.
 */
export function createCheckEndpoint({ secret, decide, assertionFor, log, now }: CheckParts): Hono<Own> {
  const app = new Hono<Own>()
  app.all('/.sallyport/check', async (c) => {
    const { headers } = c.req.raw
    if (!(await isSameSecret(headers.get(secretHeader) ?? '', secret))) return c.notFound()
    const head = headOf(headers)
    const { told } = c.var
    const { requestId } = told
    // in the words of the request that it asks about
    told.isLogged = true
    const startedAt = now()
    const decision = await judge(head)
    const { route } = decision
    const refusal = decision.kind === 'refuse' ? decision.refusal : null
    const answer = refusal ? refusedAnswer(refusal, decision, head ?? nothing) : await admitted(decision)
    log(
      entryOf(
        decision,
        { head: head ?? nothing, route, origin: route?.origin ?? null, requestId },
        { ...answer, body: null },
        refusal,
        { startedAt, now: now(), plannedAt: null, spent: nothingSpent() },
      ),
      refusal,
    )
    return new Response(null, { status: answer.status, headers: answer.headers })
  })
  return app

  async function judge(head: Head | null): Promise<Decision> {
    if (!head) return refuse({ reason: 'malformed', what: 'target' })
    try {
      const decision = await decide(head, (work) => void work.catch(() => undefined))
      // a bare one is let through unseen, because nothing goes with it: a proxy would send on all that came
      if (decision.kind === 'preflight' || (decision.kind === 'forward' && decision.isBare))
        return refuse(
          { reason: 'cross-origin', from: head.headers.get('origin') ?? '', lacks: 'origin' },
          decision.route,
        )
      if (decision.kind === 'forward' && decision.awaits)
        return refuse({ reason: 'forged', from: 'unknown' }, decision.route, decision.principal)
      return decision
    } catch (error) {
      return refuse({ reason: 'fault', cause: error instanceof Error ? error.name : 'unknown' })
    }
  }

  async function admitted(decision: Decision): Promise<Outcome> {
    if (decision.kind !== 'forward') throw new TypeError('whatever is no forward was refused')
    const { route, principal } = decision
    const headers: [string, string][] = principal && route.identity ? identityHeaders(principal, route.identity) : []
    const assertion = await assertionFor(decision)
    if (assertion !== null) headers.push(['x-sallyport-assertion', assertion])
    return { status: 200, headers }
  }
}

interface Outcome {
  readonly status: number
  readonly headers: [string, string][]
}

/** A proxy knows three answers: sign in, no, and not now. */
function refusedAnswer(refusal: Refusal, { route }: { readonly route: Route | null }, head: Head): Outcome {
  const { status } = outcomeOf(refusal)
  const said = status === 401 || status >= 500 ? status : 403
  return { status: said, headers: [['x-sallyport', 'refused'], ...extras(refusal, route, selfOrigin(head))] }
}

/** What the proxy was asked, in its own words; null where a word is missing, doubled or odd. */
function headOf(headers: Headers): Head | null {
  const [method = '', scheme = '', host = '', target = ''] = told.map((name) => headers.get(name) ?? '')
  if (!method || !host || !target || (scheme !== 'http' && scheme !== 'https')) return null
  const theirs = [...headers].filter(([name]) => name !== secretHeader && !name.startsWith('x-forwarded-'))
  // nginx and Traefik keep `Upgrade` to themselves when they ask; what else a handshake brings, they don't
  if (theirs.some(([name]) => name.startsWith('sec-websocket-')) && headers.get('upgrade') === null)
    theirs.push(['upgrade', 'websocket'])
  return { method, scheme, host, target, headers: bagOf(theirs), clientAddress: headers.get('x-forwarded-for') }
}

const nothing: Head = { method: '', scheme: 'http', host: '', target: '/', headers: bagOf([]), clientAddress: null }
