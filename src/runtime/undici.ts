/** Moves bodies on Node: undici to the upstream, `node:http` to the client, a pipe between the two. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { Agent, errors, request as send } from 'undici'
import type { Refusal } from '../decision.ts'
import type { Plan, UpstreamHead } from '../forward/forward.ts'
import type { Begun, Gateway } from '../gateway.ts'
import type { Head, HeaderBag } from '../head.ts'
import type { Answer } from '../respond.ts'

const agent = new Agent({ pipelining: 1, bodyTimeout: 0, maxRedirections: 0 } as Agent.Options)

export async function answerNode(
  gateway: Gateway,
  head: Head,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const begun = await gateway.begin(head, (work) => void work.catch(() => undefined))
  if (begun.kind === 'answer') return write(outgoing, begun.answer)
  return forward(begun, incoming, outgoing)
}

async function forward(
  begun: Extract<Begun, { kind: 'forward' }>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { plan } = begun
  const left = new AbortController()
  outgoing.once('close', () => left.abort())
  const hasBody =
    !plan.isBare &&
    (incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined)
  let upstream: Awaited<ReturnType<typeof send>>
  try {
    upstream = await send(plan.url, {
      method: plan.method as 'GET',
      headers: plan.headers.flat(),
      body: hasBody ? incoming : null,
      headersTimeout: plan.firstByteSeconds * 1000,
      signal: left.signal,
      dispatcher: agent,
      responseHeaders: 'raw',
    })
  } catch (error) {
    return write(outgoing, begun.fail(refusalOf(error, plan)))
  }
  const answer = begun.finish(headOfUpstream(upstream.statusCode, upstream.headers))
  outgoing.writeHead(answer.status, answer.headers.flat())
  pipeline(upstream.body, outgoing, () => undefined)
}

/** undici with `responseHeaders: 'raw'` gives names and values in turn, as Buffers or strings. */
function headOfUpstream(status: number, raw: unknown): UpstreamHead {
  const list = raw as readonly (Buffer | string)[]
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < list.length; at += 2) headers.push([String(list[at]).toLowerCase(), textOf(list[at + 1])])
  return { status, headers }
}

const textOf = (value: Buffer | string | undefined): string =>
  typeof value === 'object' ? value.toString('latin1') : (value ?? '')

function refusalOf(error: unknown, plan: Plan): Refusal {
  if (error instanceof errors.HeadersTimeoutError) return { reason: 'upstream-timeout', seconds: plan.firstByteSeconds }
  return { reason: 'upstream-unreachable', cause: error instanceof Error ? error.message : 'unknown' }
}

function write(outgoing: ServerResponse, answer: Answer): void {
  if (outgoing.destroyed) return
  outgoing.writeHead(answer.status, answer.headers.flat())
  outgoing.end(answer.body ?? undefined)
}

/** The headers of a request as they came in, doubles and all. */
export function headersOf({ rawHeaders }: IncomingMessage): HeaderBag {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    pairs.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''])
  return {
    get(name) {
      const values = pairs.filter(([other]) => other === name).map(([, value]) => value)
      return values.length > 0 ? values.join(name === 'cookie' ? '; ' : ', ') : null
    },
    [Symbol.iterator]: () => pairs[Symbol.iterator](),
  }
}
