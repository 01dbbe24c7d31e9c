/** What differs between Workers, Deno and Node, and nothing else; opening the gateway on any of them. */

import { createGateway, type Gateway } from '../gateway.ts'
import type { LogEntry } from '../log-entry.ts'
import { compile, type Environment } from '../route/compile.ts'
import { lint } from '../route/lint.ts'
import { describeProblem, type Problem } from '../route/problem.ts'
import type { SessionStore } from '../session/store.ts'
import type { KvNamespace } from '../session/stores/kv.ts'
import { createUpstashStore, openUpstash } from '../session/stores/upstash.ts'
import { readSettings, type Settings } from '../settings.ts'
import { createSignIn } from '../sign-in/sign-in.ts'
import { overasked, unmet } from '../unmet.ts'
import { openOrClose } from './closed.ts'
import { eventLine, logLine, reportLine, signInLine } from './log.ts'

export interface Runtime {
  readonly name: 'workerd' | 'deno' | 'node'
  /** Opens the store of that name, or null where this runtime has none such. */
  openStore(name: Settings['sessionStore']): SessionStore | null
  /** Keeps the keys of issuers for all instances, where there is such a place. */
  readonly shared?: KvNamespace | undefined
  /** True for a binding that can be fetched from. */
  hasBinding(name: string): boolean
  /** Whether `'same-host'` leads anywhere but back. */
  readonly hasZone: boolean
}

/** The operator's mistake: thrown at start, and says all that is to be mended. */
export class StartError extends Error {
  override readonly name = 'StartError'
  constructor(problems: readonly Problem[]) {
    super(`Sallyport can't start:\n${problems.map((problem) => `  ${describeProblem(problem)}`).join('\n')}`)
  }
}

export interface Opened {
  readonly gateway: Gateway
  readonly settings: Settings
}

/** Seconds since the epoch. */
const now = (): number => Date.now() / 1000
const log = (entry: LogEntry): void => console.log(logLine(entry))

/** As {@link openGateway}; where it can't be opened, every request is refused and the log says why. Never throws. */
export const openOrRefuse = (routes: unknown, environment: Environment, runtime: Runtime): Gateway =>
  openOrClose(() => openGateway(routes, environment, runtime).gateway, now, log)

/** Checks all that can be checked, then puts the gateway together. Throws {@link StartError}. */
export function openGateway(routes: unknown, environment: Environment, runtime: Runtime): Opened {
  const config = compile(routes, environment)
  const settings = readSettings(environment, config.ok ? config.value : null)
  const found = [...(config.ok ? lint(config.value) : config.error), ...(settings.ok ? [] : settings.error)]
  if (!config.ok || !settings.ok) throw new StartError(found)
  const store = openStore(runtime, settings.value)
  const { origins } = config.value
  const problems = [
    ...found,
    ...unmet(runtime, origins, settings.value, store),
    ...(store ? overasked(origins, settings.value.sessionStore, store.promises) : []),
  ]
  if (problems.length > 0) throw new StartError(problems)

  const { shared } = runtime
  const gateway = createGateway({
    config: config.value,
    settings: settings.value,
    store,
    signIn: createSignIn,
    keyCache: shared && {
      read: (key) => shared.get(key, { type: 'text' }),
      write: (key, text, ttlSeconds) => shared.put(key, text, { expirationTtl: ttlSeconds }),
    },
    fetch: (url, init) => fetch(url, init),
    now,
    log,
    logEvent: (event) => console.log(eventLine(event)),
    logSignIn: (entry) => console.log(signInLine(entry)),
    logReport: (entry) => console.log(reportLine(entry)),
  })
  return { gateway, settings: settings.value }
}

/** Upstash is spoken to by HTTP, on any runtime; the others are the runtime's. */
function openStore(
  runtime: Runtime,
  { sessionStore, upstash, storeTimeoutMilliseconds }: Settings,
): SessionStore | null {
  if (sessionStore !== 'upstash') return runtime.openStore(sessionStore)
  return upstash && createUpstashStore(openUpstash({ ...upstash, timeoutMilliseconds: storeTimeoutMilliseconds }))
}
