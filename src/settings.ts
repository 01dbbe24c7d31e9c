/** This deployment's environment, read once and before the first request. */

import { base64url, type JWK } from 'jose'
import * as z from 'zod/mini'
import { unmetDemands } from './demands.ts'
import { err, ok, type Result } from './result.ts'
import type { Environment, Gateway } from './route/compile.ts'
import { type Problem, showValue } from './route/problem.ts'
import {
  defaultPlaceKey,
  maybeSecret,
  type SessionSettings,
  sessionFixes,
  sessionSecrets,
  sessionSettings,
  sessionShape,
  storeNames,
  whole,
} from './session/settings.ts'

export interface Settings extends SessionSettings {
  readonly sessionStore: (typeof storeNames)[number]
  readonly storeTimeoutMilliseconds: number
  /** How the log names a subject. */
  readonly logSubject: 'plain' | 'pseudonym'
  readonly keysTimeoutMilliseconds: number
  /** Of one question to a provider that people sign in with. */
  readonly providerTimeoutMilliseconds: number
  /** Which requests are logged: each, those that were refused or failed, or none. */
  readonly log: 'all' | 'refused' | 'off'
  /** Set where TLS ends in front of Node or Deno; null: as the connection is. */
  readonly publicScheme: 'http' | 'https' | null
  /** Private ES256 keys; the first signs. Empty: no assertions. */
  readonly assertionKeys: readonly JWK[]
  readonly assertionIssuer: string
  /** What `Via` calls this gateway: its own requests are known by it when they come back. */
  readonly gatewayName: string
  /** What a proxy that asks for decisions has to show; null: none may ask. */
  readonly checkSecret: string | null
  /** For what a browser keeps for us while someone signs in; the first seals. Empty: nobody can sign in. */
  readonly sealingKeys: readonly Uint8Array<ArrayBuffer>[]
  /** For CSRF tokens; the first signs. Empty: none are given out. */
  readonly csrfKeys: readonly Uint8Array<ArrayBuffer>[]
}

const milliseconds = whole(60_000)

/** RFC 7518 section 6.2.1.2: 32 bytes in base64url. Made when there are any to check. */
const assertionKeys = z.lazy(() => {
  const coordinate = z.string().check(z.regex(/^[\w-]{43}$/))
  const key = z.looseObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: coordinate,
    y: coordinate,
    d: coordinate,
    kid: z.string().check(z.minLength(1), z.maxLength(128)),
  })
  return z.array(key).check(
    z.minLength(1),
    z.refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length),
  )
})

const decoded = z.pipe(z.string(), z.transform(parseSecrets))
const keys = (isLong: (key: Uint8Array) => boolean) =>
  z.optional(decoded.check(z.refine((all) => all.length > 0 && all.length <= 4 && all.every(isLong))))

const schema = z.object({
  SESSION_STORE: z._default(z.enum(storeNames), 'none'),
  STORE_TIMEOUT_MS: z._default(milliseconds, 2_000),
  KEYS_TIMEOUT_MS: z._default(milliseconds, 2_000),
  PROVIDER_TIMEOUT_MS: z._default(milliseconds, 5_000),
  ...sessionShape,
  LOG: z._default(z.enum(['all', 'refused', 'off']), 'all'),
  LOG_SUBJECT: z._default(z.enum(['plain', 'pseudonym']), 'plain'),
  PUBLIC_SCHEME: z.optional(z.enum(['http', 'https'])),
  ASSERTION_KEY: z.optional(z.pipe(z.pipe(z.string(), z.transform(parseKeys)), assertionKeys)),
  SEALING_KEY: keys((key) => key.length === 32),
  CSRF_KEY: keys((key) => key.length >= 32),
  ASSERTION_ISSUER: z._default(z.string().check(z.minLength(1)), 'sallyport'),
  CHECK_SECRET: maybeSecret,
  GATEWAY_NAME: z._default(z.string().check(z.regex(/^[\w.-]{1,64}$/)), 'sallyport'),
})

const fixes: Readonly<Record<string, string>> = {
  SESSION_STORE: 'write kv or durable-object (Workers), upstash, deno-kv (Deno), memory (one process), or none',
  ...sessionFixes,
  LOG_SUBJECT: 'write plain or pseudonym',
  STORE_TIMEOUT_MS: 'write milliseconds: 2000',
  KEYS_TIMEOUT_MS: 'write milliseconds: 2000',
  PROVIDER_TIMEOUT_MS: 'write milliseconds: 5000',
  LOG: 'write all, refused or off',
  PUBLIC_SCHEME: 'write https where TLS ends in front of this process, or leave it out',
  ASSERTION_KEY: 'make one with: npx sallyport secret --assertion-key',
  SEALING_KEY:
    'make one with: npx sallyport secret (32 bytes in base64url; two, with a comma between, while one replaces the other)',
  CSRF_KEY:
    'make one with: npx sallyport secret (32 bytes in base64url; two, with a comma between, while one replaces the other)',
  CHECK_SECRET: 'make one with: npx sallyport secret (at least 32 characters); or leave it out',
  GATEWAY_NAME: 'write letters, digits, dots and hyphens; another name for each gateway that stands behind another',
  ASSERTION_ISSUER: 'write the iss that origins shall find in assertions, or leave it out',
}

export const settingNames: readonly string[] = Object.keys(fixes)

/** Never shown, not even when they are wrong; and never in a file that goes to git. */
export const settingSecrets: ReadonlySet<string> = new Set([
  'ASSERTION_KEY',
  'CSRF_KEY',
  'CHECK_SECRET',
  'SEALING_KEY',
  ...sessionSecrets,
])

/**
 * @param gateway what the routes ask for; null where they can't be read, so that the rest is told nevertheless
 * @returns the settings, or everything that is wrong with the environment for this gateway
 */
export function readSettings(environment: Environment, gateway: Gateway | null): Result<Settings, readonly Problem[]> {
  const parsed = z.safeParse(schema, environment)
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])))
    return err([...names].map((name) => unfit(name, environment[name])))
  }
  const read = parsed.data
  const settings: Settings = {
    sessionStore: read.SESSION_STORE,
    storeTimeoutMilliseconds: read.STORE_TIMEOUT_MS,
    keysTimeoutMilliseconds: read.KEYS_TIMEOUT_MS,
    providerTimeoutMilliseconds: read.PROVIDER_TIMEOUT_MS,
    ...sessionSettings(read),
    log: read.LOG,
    logSubject: read.LOG_SUBJECT,
    publicScheme: read.PUBLIC_SCHEME ?? null,
    assertionKeys: read.ASSERTION_KEY ?? [],
    assertionIssuer: read.ASSERTION_ISSUER,
    gatewayName: read.GATEWAY_NAME,
    checkSecret: read.CHECK_SECRET ?? null,
    sealingKeys: read.SEALING_KEY ?? [],
    csrfKeys: read.CSRF_KEY ?? [],
  }
  const problems = gateway ? lacking(settings, gateway) : []
  return problems.length > 0 ? err(problems) : ok(settings)
}

const unfit = (name: string, value: unknown): Problem =>
  problem(
    name,
    settingSecrets.has(name) && value !== '' ? 'a secret, not shown' : showValue(value),
    'not a value that will do',
    fixes[name] ?? '',
  )

/** What the routes ask for and the settings don't give. */
function lacking(settings: Settings, gateway: Gateway): Problem[] {
  const problems = unmetDemands(settings, gateway, fixes)
  const { origins } = gateway
  if (settings.logSubject === 'pseudonym' && settings.placeKey === defaultPlaceKey) {
    const message = 'not set, and LOG_SUBJECT is pseudonym: by a key that everybody knows a name is found by trying it'
    problems.push(
      problem('PLACE_KEY', '', message, 'make one with: npx sallyport secret; it ends the sessions there are'),
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
  const signing = origins.find((origin) => origin.providers.length > 0)
  if (signing && settings.sealingKeys.length === 0) {
    problems.push(
      problem(
        'SEALING_KEY',
        '',
        `not set, and people sign in with a provider at the origin "${signing.name}"`,
        fixes['SEALING_KEY'] ?? '',
      ),
    )
  }
  const tokened = origins.find((origin) => origin.routes.some((route) => route.csrf.token))
  if (tokened && settings.csrfKeys.length === 0) {
    problems.push(
      problem('CSRF_KEY', '', `not set, and the origin "${tokened.name}" takes CSRF tokens`, fixes['CSRF_KEY'] ?? ''),
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

/** Secrets in base64url, a comma between; none where one isn't. */
function parseSecrets(text: string): Uint8Array<ArrayBuffer>[] {
  try {
    return text.split(',').map((part) => new Uint8Array(base64url.decode(part.trim())))
  } catch {
    return []
  }
}
