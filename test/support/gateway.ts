/** A whole gateway with nothing behind it: routes and settings as an operator writes them, a clock in the hand. */

import type { Begun } from '../../src/begun.ts'
import { createGateway, type Gateway, type GatewayParts } from '../../src/gateway.ts'
import type { LogEntry } from '../../src/log-entry.ts'
import type { Answer } from '../../src/respond.ts'
import { compile } from '../../src/route/compile.ts'
import { eventLine, logLine } from '../../src/runtime/log.ts'
import { readSettings } from '../../src/settings.ts'
import { head } from './head.ts'

export interface TestGateway {
  readonly gateway: Gateway
  /** Every line logged so far. */
  readonly lines: string[]
  readonly entries: LogEntry[]
  /** What was begun beside the answers, and may still be under way. */
  readonly beside: Promise<unknown>[]
  /** What becomes of a request: the answer, or the plan of a forward. */
  ask(
    request: string,
    headers?: Record<string, string> | Headers,
    upstream?: readonly [string, string][],
    body?: string,
  ): Promise<Asked>
}

export interface Asked {
  readonly forwarded: boolean
  /** The gateway's own answer, or that to an upstream that says 200. */
  readonly answer: Answer
  /** Headers sent upstream; empty where nothing is. */
  readonly sent: ReadonlyMap<string, string>
}

type Replaceable = Partial<Pick<GatewayParts, 'store' | 'keyCache' | 'fetch' | 'now' | 'signIn' | 'logSignIn'>>

/** @param environment also the settings, as strings */
export function openTestGateway(
  routes: unknown,
  environment: Record<string, string> = {},
  parts: Replaceable = {},
): TestGateway {
  const config = compile(routes, environment)
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  const settings = readSettings(environment, config.value)
  if (!settings.ok) throw new Error(JSON.stringify(settings.error))
  const lines: string[] = []
  const entries: LogEntry[] = []
  const beside: Promise<unknown>[] = []
  const gateway = createGateway({
    config: config.value,
    settings: settings.value,
    store: null,
    fetch: () => Promise.reject(new TypeError('no network in this test')),
    now: () => Date.now() / 1000,
    ...parts,
    logEvent: (event) => lines.push(eventLine(event)),
    log(entry) {
      entries.push(entry)
      lines.push(logLine(entry))
    },
  })
  return {
    gateway,
    lines,
    entries,
    beside,
    async ask(request, headers = {}, upstream = [], body = '') {
      const waitUntil = (work: Promise<unknown>): void => void beside.push(work)
      let begun: Begun = await gateway.begin({ ...head(request), headers: new Headers(headers) }, waitUntil)
      if (begun.kind === 'answer') return { forwarded: false, answer: begun.answer, sent: new Map() }
      if (begun.kind === 'held') {
        const released = await begun.release(new Blob([body]).stream())
        if (released.kind === 'answer') return { forwarded: false, answer: released.answer, sent: new Map() }
        begun = released.forwarding
      }
      const { answer } = await (begun.vouch ?? begun.finish)({ status: 200, headers: upstream })
      return { forwarded: true, answer, sent: new Map(begun.plan.headers) }
    },
  }
}

/** A header of an answer, or null. */
export const headerOf = (answer: Answer, name: string): string | null =>
  answer.headers.find(([other]) => other === name)?.[1] ?? null
