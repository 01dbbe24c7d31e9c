/** Sends a plan with undici, on Node and Deno: bytes, lengths and encodings as they are, which neither one's fetch does. */

import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, errors, request } from 'undici'
import type { Refusal } from '../decision.ts'
import type { Plan, UpstreamHead } from '../forward/forward.ts'
import type { HeaderPair } from '../head.ts'

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
  readonly body: Dispatcher.ResponseData['body']
}

/** @param body null where the request has none; its length, where the client told it, stands in the plan's headers */
export async function send(
  plan: Plan,
  body: Readable | AsyncIterable<Uint8Array> | null,
  signal: AbortSignal,
): Promise<Sent> {
  const answer = await request(plan.url, {
    // undici takes any token; its types name the usual ones
    method: plan.method as 'GET',
    headers: plan.headers.flat(),
    body: body as Readable | null,
    signal,
    dispatcher: agentFor(plan.timeouts.connectSeconds),
    responseHeaders: 'raw',
  })
  // whoever reads the body sees its errors; when nobody does, they must not end the process
  answer.body.on('error', () => undefined)
  return { status: answer.statusCode, headers: pairsOf(answer.headers), body: answer.body }
}

export function refusalOf(error: unknown, plan: Plan): Refusal {
  if (error instanceof errors.ConnectTimeoutError)
    return { reason: 'upstream-timeout', seconds: plan.timeouts.connectSeconds }
  return { reason: 'upstream-unreachable', cause: error instanceof Error ? error.message : 'unknown' }
}

/** With `responseHeaders: 'raw'` names and values come in turn, as Buffers or strings. */
function pairsOf(raw: unknown): [string, string][] {
  const list = raw as readonly (Buffer | string)[]
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push([textOf(list[at]).toLowerCase(), textOf(list[at + 1])])
  return pairs
}

const textOf = (value: Buffer | string | undefined): string =>
  typeof value === 'object' ? value.toString('latin1') : (value ?? '')
