/** `/.sallyport/check`: the decision alone, for those who keep nginx, Caddy or Traefik in front. */

import { Hono } from 'hono/tiny'
import type { WaitUntil } from '../authenticate/share.ts'
import { nothingSpent } from '../authenticate/spent.ts'
import { type Decision, type Forward, type Refusal, type Refuse, refuse } from '../decision.ts'
import { speaksForConnection } from '../forward/connection-auth.ts'
import { identityHeaders } from '../forward/identity.ts'
import { namesAnother } from '../forward/request-headers.ts'
import { bagOf, type Head, selfOrigin } from '../head.ts'
import { entryOf, type LogEntry } from '../log-entry.ts'
import type { Making } from '../made.ts'
import { extras, outcomeOf } from '../outcome.ts'
import { isSameSecret } from '../session/secret.ts'
import { factsOf } from './facts.ts'
import type { Own } from './line.ts'

export interface CheckParts {
  /** Whoever shows it is believed about method and URL: nobody else may ask. */
  readonly secret: string
  readonly decide: (head: Head, waitUntil: WaitUntil) => Promise<Decision>
  readonly making: Making
  readonly log: (entry: LogEntry, refusal: Refusal | null) => void
  /** Seconds since the epoch. */
  readonly now: () => number
}

export const secretHeader = 'x-sallyport-secret'

/** Each is needed, once: what is missing is never guessed. */
const told = ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'] as const

/**
 * 200 with the identity headers, and with `Authorization` as the upstream would get it; 401, or 403; 503 where it can't
 * be known. A preflight, or a form that has to show a token in its body, can't be judged by a head and gets 403.
 */
export function createCheckEndpoint({ secret, decide, making, log, now }: CheckParts): Hono<Own> {
  const app = new Hono<Own>()
  app.all('/.sallyport/check', async (c) => {
    const { headers } = c.req.raw
    if (!(await isSameSecret(headers.get(secretHeader) ?? '', secret))) return c.notFound()
    const asked = headOf(headers)
    const head = asked ?? nothing
    const { told } = c.var
    const { requestId } = told
    // in the words of the request that it asks about
    told.isLogged = true
    const startedAt = now()
    const judged = asked
      ? await judge(asked, requestId, factsOf(c).waitUntil)
      : refuse({ reason: 'malformed', what: 'target' })
    const { decision, answer } =
      judged.kind === 'refuse'
        ? { decision: judged, answer: refusedAnswer(judged, head) }
        : { decision: judged.decision, answer: await admitted(judged, head) }
    const refusal = decision.kind === 'refuse' ? decision.refusal : null
    const { route } = decision
    log(
      entryOf(decision, { head, route, origin: route?.origin ?? null, requestId }, { ...answer, body: null }, refusal, {
        startedAt,
        now: now(),
        plannedAt: null,
        spent: nothingSpent(),
      }),
      refusal,
    )
    return new Response(null, { status: answer.status, headers: answer.headers })
  })
  return app

  async function judge(head: Head, requestId: string, waitUntil: WaitUntil): Promise<Admitted | Refuse> {
    try {
      const decision = await decide(head, waitUntil)
      if (decision.kind === 'refuse') return decision
      const { route } = decision
      // a bare one is let through unseen, because nothing goes with it: a proxy would send on all that came
      if (decision.kind === 'preflight' || decision.isBare)
        return refuse({ reason: 'cross-origin', from: head.headers.get('origin') ?? '', lacks: 'origin' }, route)
      // what the gateway drops, a proxy sends on
      for (const [name] of head.headers)
        if (namesAnother(name)) return refuse({ reason: 'malformed', what: 'target' }, route)
      const { principal } = decision
      if (decision.awaits) return refuse({ reason: 'forged', from: 'unknown' }, route, principal)
      const token = await making.accessTokenFor(decision, head, requestId, waitUntil)
      return token.ok ? { kind: 'admitted', decision, accessToken: token.value } : refuse(token.error, route, principal)
    } catch (error) {
      return refuse({ reason: 'fault', cause: error instanceof Error ? error.name : 'unknown' })
    }
  }

  async function admitted({ decision, accessToken }: Admitted, head: Head): Promise<Outcome> {
    const { route, principal } = decision
    const headers: [string, string][] = principal && route.identity ? identityHeaders(principal, route.identity) : []
    const assertion = await making.assertionFor(decision)
    if (assertion !== null) headers.push(['x-sallyport-assertion', assertion])
    const theirs = route.passAuthorization ? head.headers.get('authorization') : null
    if (accessToken !== null) headers.push(['authorization', `Bearer ${accessToken}`])
    else if (theirs !== null && !speaksForConnection(theirs)) headers.push(['authorization', theirs])
    return { status: 200, headers }
  }
}

interface Admitted {
  readonly kind: 'admitted'
  readonly decision: Forward
  readonly accessToken: string | null
}

interface Outcome {
  readonly status: number
  readonly headers: [string, string][]
}

/** A proxy knows three answers: sign in, no, and not now. */
function refusedAnswer({ refusal, route }: Refuse, head: Head): Outcome {
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
