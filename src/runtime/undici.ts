/** Sends a plan with undici, on Node and Deno: bytes, lengths and encodings as they are, which neither one's fetch does. */

import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, errors } from 'undici'
import type { Refusal } from '../decision.ts'
import type { Plan, UpstreamHead } from '../forward/forward.ts'
import { type HeaderPair, inTurn } from '../head.ts'
import { createIncoming, type Incoming, type UpstreamBody } from './upstream-body.ts'

/** One for each time that a connection may take: pools of connections don't mix. */
const agents = new Map<number, Agent>()

function agentFor(connectSeconds: number): Agent {
  const found = agents.get(connectSeconds)
  if (found) return found
  const connect = { timeout: connectSeconds * 1000 }
  // time is kept by the watch, which knows a slow upload from a slow answer
  const agent = new Agent({ connect, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 65_536, allowH2: false })
  agents.set(connectSeconds, agent)
  return agent
}

export interface Sent extends UpstreamHead {
  readonly headers: readonly HeaderPair[]
  readonly body: UpstreamBody
}

/**
 * By `dispatch`, and so without the streams, promises and signals of `request`.
 *
 * @param body null where the request has none; its length, where the client told it, stands in the plan's headers
 * @param whenGivenUp takes what is to be called when nobody wants the answer any more
 */
export function send(
  plan: Plan,
  body: AsyncIterable<Uint8Array> | null,
  whenGivenUp: (call: () => void) => void,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    let started: Dispatcher.DispatchController | null = null
    let incoming: Incoming | null = null
    let isGivenUp = false
    whenGivenUp(() => {
      isGivenUp = true
      started?.abort(new errors.RequestAbortedError())
      // a connection that is still being made can't be told
      reject(new errors.RequestAbortedError())
    })
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        started = controller
        if (isGivenUp) controller.abort(new errors.RequestAbortedError())
      },
      onResponseStart(controller, status, headers) {
        if (status < 200) return
        incoming = createIncoming(controller)
        resolve({ status, headers: pairsOf(headers), body: incoming.body })
      },
      onResponseData: (_, chunk) => incoming?.push(chunk),
      onResponseEnd: () => incoming?.end(),
      onResponseError(_, error) {
        if (incoming) incoming.fail()
        else reject(error)
      },
    }
    const { url } = plan
    const slash = url.indexOf('/', url.indexOf('//') + 2)
    // cut and not parsed: undici's own reading of a URL encodes quotes, and drops a `?` that nothing follows
    const target = {
      origin: url.slice(0, slash),
      path: url.slice(slash),
      // undici takes any token; its types name the usual ones
      method: plan.method as 'GET',
      headers: inTurn(plan.headers),
      body: body as Readable | null,
    }
    agentFor(plan.timeouts.connectSeconds).dispatch(target, handler)
  })
}

export function refusalOf(error: unknown, plan: Plan): Refusal {
  if (error instanceof errors.ConnectTimeoutError)
    return { reason: 'upstream-timeout', seconds: plan.timeouts.connectSeconds }
  return { reason: 'upstream-unreachable', cause: error instanceof Error ? error.message : 'unknown' }
}

/** As undici has read them: names in lower case, a list where there are several of one name. */
function pairsOf(headers: Readonly<Record<string, string | string[] | undefined>>): HeaderPair[] {
  const pairs: HeaderPair[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value === 'string') pairs.push([name, value])
    else if (value) for (const one of value) pairs.push([name, one])
  }
  return pairs
}
