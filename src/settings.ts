/** This deployment's environment, read once and before the first request. */

import type { JWK } from 'jose'
import * as z from 'zod/mini'
import { err, ok, type Result } from './result.ts'
import type { Environment, Gateway } from './route/compile.ts'
import { type Problem, showValue } from './route/problem.ts'

export interface Settings {
  readonly sessionStore: 'kv' | 'memory' | 'none'
  readonly storeTimeoutMilliseconds: number
  readonly keysTimeoutMilliseconds: number
  /** Which requests are logged: each, those that were refused or failed, or none. */
  readonly log: 'all' | 'refused' | 'off'
  /** Set where TLS ends in front of Node or Deno; null: as the connection is. */
  readonly publicScheme: 'http' | 'https' | null
  /** Private ES256 keys; the first signs. Empty: no assertions. */
  readonly assertionKeys: readonly JWK[]
  readonly assertionIssuer: string
}

const milliseconds = z.coerce.number().check(z.int(), z.minimum(1), z.maximum(60_000))

const assertionKey = z.looseObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
})

const schema = z.object({
  SESSION_STORE: z._default(z.enum(['kv', 'memory', 'none']), 'none'),
  STORE_TIMEOUT_MS: z._default(milliseconds, 2_000),
  KEYS_TIMEOUT_MS: z._default(milliseconds, 2_000),
  LOG: z._default(z.enum(['all', 'refused', 'off']), 'all'),
  PUBLIC_SCHEME: z.optional(z.enum(['http', 'https'])),
  ASSERTION_KEY: z.optional(
    z.pipe(z.pipe(z.string(), z.transform(parseKeys)), z.array(assertionKey).check(z.minLength(1))),
  ),
  ASSERTION_ISSUER: z._default(z.string().check(z.minLength(1)), 'sallyport'),
})

const fixes: Readonly<Record<string, string>> = {
  SESSION_STORE: 'write kv (Workers), memory (one process), or none',
  STORE_TIMEOUT_MS: 'write milliseconds: 2000',
  KEYS_TIMEOUT_MS: 'write milliseconds: 2000',
  LOG: 'write all, refused or off',
  PUBLIC_SCHEME: 'write https where TLS ends in front of this process, or leave it out',
  ASSERTION_KEY: 'make one with: npx sallyport secret --assertion-key',
  ASSERTION_ISSUER: 'write the iss that origins shall find in assertions, or leave it out',
}

const secrets: ReadonlySet<string> = new Set(['ASSERTION_KEY'])

/** @returns the settings, or everything that is wrong with the environment for this gateway */
export function readSettings(environment: Environment, gateway: Gateway): Result<Settings, readonly Problem[]> {
  const parsed = z.safeParse(schema, environment)
  if (!parsed.success) {
    return err(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0])
        return problem(
          name,
          secrets.has(name) ? 'a secret, not shown' : showValue(environment[name]),
          'not a value that will do',
          fixes[name] ?? '',
        )
      }),
    )
  }
  const read = parsed.data
  const settings: Settings = {
    sessionStore: read.SESSION_STORE,
    storeTimeoutMilliseconds: read.STORE_TIMEOUT_MS,
    keysTimeoutMilliseconds: read.KEYS_TIMEOUT_MS,
    log: read.LOG,
    publicScheme: read.PUBLIC_SCHEME ?? null,
    assertionKeys: read.ASSERTION_KEY ?? [],
    assertionIssuer: read.ASSERTION_ISSUER,
  }
  const problems = lacking(settings, gateway)
  return problems.length > 0 ? err(problems) : ok(settings)
}

/** What the routes ask for and the settings don't give. */
function lacking(settings: Settings, { origins }: Gateway): Problem[] {
  const problems: Problem[] = []
  const reader = origins.find((origin) => origin.session)
  if (reader && settings.sessionStore === 'none') {
    problems.push(
      problem(
        'SESSION_STORE',
        '',
        `not set, and the origin "${reader.name}" reads sessions`,
        fixes['SESSION_STORE'] ?? '',
      ),
    )
  }
  const asserted = origins.find((origin) => origin.routes.some((route) => route.identity?.assertion))
  if (asserted && settings.assertionKeys.length === 0) {
    problems.push(
      problem(
        'ASSERTION_KEY',
        '',
        `not set, and the origin "${asserted.name}" wants assertions`,
        fixes['ASSERTION_KEY'] ?? '',
      ),
    )
  }
  return problems
}

const problem = (path: string, value: string, message: string, fix: string): Problem => ({
  file: 'environment',
  path,
  value,
  message,
  fix,
})

/** One JWK or a list of them. */
function parseKeys(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text)
    return Array.isArray(json) ? json : [json]
  } catch {
    return null
  }
}
