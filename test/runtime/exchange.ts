/** One row of the conformance table: what the client sends, what the origin answers, what must reach either side. */

import { expect } from 'vitest'
import { type Message, requestText, send, statusOf, valuesOf } from '../support/http.ts'
import { plainReply, type Reply } from '../support/origin.ts'
import type { RuntimeName } from '../support/runtimes.ts'
import type { Surroundings } from '../support/surroundings.ts'
import type { Outcome } from './differences.ts'

export interface Exchange {
  readonly title: string
  readonly line: string
  readonly host?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly as?: 'member' | 'admin' | 'hung'
  /** A Bearer token with these claims. */
  readonly token?: Readonly<Record<string, unknown>>
  /** The token says that the issuer which hangs has made it. */
  readonly hungIssuer?: boolean
  /** The request's bytes, where no tidy request will do. */
  readonly raw?: string
  readonly reply?: Reply
  readonly want: Want
  /** Why the runtimes may differ here: docs/runtimes.md has it beside what they do. */
  readonly why?: string
  /** What a runtime does otherwise, and may. */
  readonly on?: Readonly<Partial<Record<RuntimeName, Want>>>
}

export interface Want {
  /** 0: the server hangs up without an answer. Several: which one is the runtime's choice. */
  readonly status?: number | readonly number[]
  /** Of the answer: value, pattern, list of all values, or null for absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | readonly string[] | null>>
  readonly body?: string | RegExp
  /** The answer's body ends where its framing says. Default true. */
  readonly isWhole?: boolean
  /** What reached the origin; null: nothing did. */
  readonly origin?: {
    readonly line?: string
    readonly headers?: Readonly<Record<string, string | RegExp | readonly string[] | null>>
    readonly body?: string
    /** How many requests reached it; default 1. */
    readonly count?: number
  } | null
  readonly withinMilliseconds?: number
}

/** Runs a row and checks both ends. @returns what was seen there */
export async function run(exchange: Exchange, around: Surroundings): Promise<Outcome> {
  const { origin, runtime } = around
  origin.received.length = 0
  origin.reply = exchange.reply ?? plainReply
  const headers = [...(exchange.headers ?? [])]
  if (exchange.as) headers.push(['Cookie', around.cookies[exchange.as]])
  if (exchange.hungIssuer)
    headers.push(['Authorization', `Bearer ${await around.issuer.token({ iss: `${around.issuer.issuer}/hung` })}`])
  if (exchange.token) headers.push(['Authorization', `Bearer ${await around.issuer.token(exchange.token)}`])
  const bytes = exchange.raw ?? requestText(exchange.line, exchange.host ?? 'app.test', headers, exchange.body)
  const sent = await send(runtime.port, bytes)
  const want = { ...exchange.want, ...exchange.on?.[runtime.name] }
  checkAnswer(sent.message, want)
  checkOrigin(origin.received, want)
  if (want.withinMilliseconds !== undefined) expect(sent.milliseconds).toBeLessThan(want.withinMilliseconds)
  return { answer: sent.message, received: [...origin.received] }
}

function checkAnswer(message: Message | null, want: Want): void {
  const status = message ? statusOf(message) : 0
  if (want.status !== undefined)
    expect([want.status].flat(), `the answer's status, ${message?.body ?? ''}`).toContain(status)
  if (!message) return
  expect(message.isWhole, 'the answer is whole').toBe(want.isWhole ?? true)
  checkHeaders(message, want.headers)
  if (typeof want.body === 'string') expect(message.body).toBe(want.body)
  else if (want.body) expect(message.body).toMatch(want.body)
  // what a gateway must never say, whatever it answers
  expect(message.headers.map(([name]) => name.toLowerCase())).not.toContain('x-sallyport-assertion')
}

function checkOrigin(received: readonly Message[], want: Want): void {
  if (want.origin === undefined) return
  if (want.origin === null) {
    expect(
      received.map(({ start }) => start),
      'reached the origin',
    ).toEqual([])
    return
  }
  expect(
    received.map(({ start }) => start),
    'reached the origin',
  ).toHaveLength(want.origin.count ?? 1)
  const [message] = received
  if (!message) return
  if (want.origin.line !== undefined) expect(message.start).toBe(`${want.origin.line} HTTP/1.1`)
  checkHeaders(message, want.origin.headers)
  if (want.origin.body !== undefined) expect(message.body).toBe(want.origin.body)
}

function checkHeaders(message: Message, wanted: Want['headers'] = {}): void {
  for (const [name, want] of Object.entries(wanted)) {
    const values = valuesOf(message, name)
    if (want === null) expect(values, name).toEqual([])
    else if (want instanceof RegExp) expect(values.join(' || '), name).toMatch(want)
    else if (typeof want === 'string') expect(values, name).toEqual([want])
    else expect(values, name).toEqual(want)
  }
}
