/** Moves bodies on a runtime whose client and server both speak fetch: Workers and Deno. */

import type { WaitUntil } from '../authenticate/share.ts'
import type { Refusal } from '../decision.ts'
import type { Plan } from '../forward/forward.ts'
import { type Begun, type Gateway, isOwnPath } from '../gateway.ts'
import type { Head } from '../head.ts'
import type { Answer } from '../respond.ts'

export interface FetchParts {
  readonly gateway: Gateway
  /** The client's address and scheme, as the platform knows them. */
  facts(request: Request): Pick<Head, 'scheme' | 'clientAddress'>
  send(plan: Plan, init: RequestInit): Promise<Response>
  /** Its fetch decodes gzip and leaves the headers that say so. */
  readonly decodesBodies: boolean
}

export type FetchHandler = (request: Request, waitUntil: WaitUntil) => Promise<Response>

/** Statuses that have no body (Fetch section 2.2.3). */
const nullBody: ReadonlySet<number> = new Set([101, 204, 205, 304])

export function createFetchHandler(parts: FetchParts): FetchHandler {
  const { gateway } = parts
  return async (request, waitUntil) => {
    const head = headOf(request, parts.facts(request))
    if (isOwnPath(head.target)) return gateway.endpoints.fetch(request)
    const begun = await gateway.begin(head, waitUntil)
    if (begun.kind === 'answer') return toResponse(begun.answer, begun.answer.body)
    return forward(begun, request)
  }

  async function forward(begun: Extract<Begun, { kind: 'forward' }>, request: Request): Promise<Response> {
    const { plan } = begun
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(slow), plan.firstByteSeconds * 1000)
    const leave = (): void => giveUp.abort(request.signal.reason)
    request.signal.addEventListener('abort', leave)
    let upstream: Response
    try {
      upstream = await parts.send(plan, {
        method: plan.method,
        headers: plan.headers,
        body: plan.isBare ? null : request.body,
        redirect: 'manual',
        signal: giveUp.signal,
        ...(plan.isPrivate && { cache: 'no-store' }),
        ...(request.body && !plan.isBare && { duplex: 'half' }),
      })
    } catch (error) {
      return toResponse(...withBody(begun.fail(refusalOf(error, giveUp.signal, plan))))
    } finally {
      clearTimeout(timer)
    }
    const decoded = parts.decodesBodies && upstream.headers.has('content-encoding')
    const headers = decoded
      ? [...upstream.headers].filter(([name]) => name !== 'content-encoding' && name !== 'content-length')
      : upstream.headers
    return toResponse(begun.finish({ status: upstream.status, headers }), upstream.body)
  }
}

const slow = new Error('the upstream did not answer in time')

function refusalOf(error: unknown, signal: AbortSignal, plan: Plan): Refusal {
  if (signal.reason === slow) return { reason: 'upstream-timeout', seconds: plan.firstByteSeconds }
  return { reason: 'upstream-unreachable', cause: error instanceof Error ? error.message : 'unknown' }
}

const withBody = (answer: Answer): [Answer, string | null] => [answer, answer.body]

const toResponse = (answer: Answer, body: ReadableStream | string | null): Response =>
  new Response(nullBody.has(answer.status) ? null : body, { status: answer.status, headers: answer.headers })

/** Cuts the URL at its slashes: parsing it would normalise what has to be judged. */
function headOf(request: Request, facts: Pick<Head, 'scheme' | 'clientAddress'>): Head {
  const { url, method, headers } = request
  const from = url.indexOf('://') + 3
  const slash = url.slice(from).search(/[/?#]/)
  const to = slash < 0 ? url.length : from + slash
  const rest = url.slice(to)
  return { method, headers, host: url.slice(from, to), target: rest.startsWith('/') ? rest : `/${rest}`, ...facts }
}
