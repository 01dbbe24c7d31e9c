/** Turns what the operator wrote into what the gateway reads: checked, environment filled in, nothing left to inherit. */

import * as z from 'zod/mini'
import { err, ok, type Result } from '../result.ts'
import { presets } from '../shield/presets.ts'
import { type PathOptions, strictPaths } from './path.ts'
import { readPattern } from './pattern.ts'
import { formatPath, type Problem, problemsOf, showValue } from './problem.ts'
import {
  type GatewayConfig,
  gatewaySchema,
  type InheritedConfig,
  type IssuerConfig,
  type OriginConfig,
  type RuleConfig,
} from './schema.ts'
import type { Cors, Csrf, HeaderTable, IdentityHeaders, Origin, Route, Upstream } from './table.ts'

export interface Gateway {
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly origins: readonly Origin[]
}

/** Whoever signs Bearer JWTs that we accept. */
export interface Issuer {
  readonly name: string
  /** The `iss` of its tokens, compared whole. */
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly keys: KeySource
  readonly roles: readonly string[] | null
  readonly scopes: readonly string[] | null
  readonly type: string | null
  readonly maxAgeSeconds: number | null
  readonly clockToleranceSeconds: number
}

/** Where the keys of an issuer come from; `discovery` asks its `/.well-known/openid-configuration`. */
export type KeySource =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'inline'; readonly keys: readonly Record<string, unknown>[] }
  | { readonly kind: 'secret'; readonly secret: Uint8Array }

export type Environment = Readonly<Record<string, unknown>>

/**
 * Checks a configuration against the schema and fills in the environment.
 *
 * @returns what it means, or everything that is wrong with it
 */
export function compile(config: unknown, environment: Environment): Result<Gateway, readonly Problem[]> {
  const place = placeIn(config)
  const parsed = z.safeParse(gatewaySchema, config)
  if (!parsed.success) return err(problemsOf(gatewaySchema, parsed.error.issues, config, place))
  const problems: Problem[] = []
  const report = (path: readonly PropertyKey[], value: unknown, message: string, fix: string): void => {
    problems.push({ ...place(path), value: showValue(value), message, fix })
  }
  const read = (
    value: string | { env: string },
    path: readonly PropertyKey[],
    isGood: (text: string) => boolean = (text) => text !== '',
  ): string => {
    if (typeof value === 'string') return value
    const found = environment[value.env]
    if (typeof found === 'string' && isGood(found)) return found
    const isSet = typeof found === 'string' && found !== ''
    report(
      [...path, 'env'],
      value.env,
      isSet ? 'the environment variable has a value that will not do here' : 'the environment variable is not set',
      'set it in [vars] of wrangler.toml, by wrangler secret put, or in the environment of the process',
    )
    return ''
  }

  const issuers = new Map<string, Issuer>()
  for (const [name, issuer] of Object.entries(parsed.data.issuers ?? {}))
    issuers.set(name, compileIssuer(name, issuer, read, report))
  const origins = parsed.data.origins.map((origin, at) => {
    for (const name of origin.bearer ?? []) {
      if (!issuers.has(name))
        report(
          ['origins', at, 'bearer'],
          name,
          'no such issuer',
          `known issuers: ${[...issuers.keys()].join(', ') || 'none'}`,
        )
    }
    return compileOrigin(origin, (value) => read(value, ['origins', at, 'upstream'], isHttpUrl))
  })
  return problems.length > 0 ? err(problems) : ok({ issuers, origins })
}

type Read = (
  value: string | { env: string },
  path: readonly PropertyKey[],
  isGood?: (text: string) => boolean,
) => string
type Report = (path: readonly PropertyKey[], value: unknown, message: string, fix: string) => void

const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '')

function compileIssuer(name: string, config: IssuerConfig, read: Read, report: Report): Issuer {
  const path = ['issuers', name]
  const audience = Array.isArray(config.audience) ? config.audience : [read(config.audience, [...path, 'audience'])]
  return {
    name,
    issuer: read(config.issuer, [...path, 'issuer'], isHttpUrl),
    audience,
    algorithms: config.algorithms,
    keys: keySource(config, path, read, report),
    roles: config.roles ? keysOf(config.roles) : null,
    scopes: config.scopes ? keysOf(config.scopes) : null,
    type: config.type ?? null,
    maxAgeSeconds: config.maxAgeSeconds ?? null,
    clockToleranceSeconds: config.clockToleranceSeconds ?? 5,
  }
}

function keySource(config: IssuerConfig, path: readonly string[], read: Read, report: Report): KeySource {
  if (config.secret) {
    const text = read(config.secret, [...path, 'secret'])
    const secret = new TextEncoder().encode(text)
    // RFC 7518 section 3.2: a key of at least the size of the hash
    if (text && secret.length < 32)
      report(
        [...path, 'secret', 'env'],
        config.secret.env,
        'the secret is shorter than 32 bytes',
        'make one with: npx sallyport secret',
      )
    return { kind: 'secret', secret }
  }
  if (!config.jwks) return { kind: 'discovery' }
  if (typeof config.jwks === 'object' && 'keys' in config.jwks) return { kind: 'inline', keys: config.jwks.keys }
  return { kind: 'url', url: read(config.jwks, [...path, 'jwks'], isHttpUrl) }
}

/** `'a.b'` → `['a', 'b']`; a list stands as it is, for keys that have dots. */
const keysOf = (path: string | readonly string[]): readonly string[] =>
  typeof path === 'string' ? path.split('.') : path

function compileOrigin(config: OriginConfig, readUrl: (value: string | { env: string }) => string): Origin {
  const routes: Route[] = []
  const origin: Origin = {
    name: config.name,
    hosts: (typeof config.host === 'string' ? [config.host] : config.host).map((host) => host.toLowerCase()),
    upstream: upstreamOf(config.upstream, readUrl),
    paths: { ...strictPaths, ...definedOf<PathOptions>(config.paths ?? {}) },
    session: config.session ?? false,
    bearer: config.bearer ?? [],
    signIn: config.signIn ?? null,
    routes,
  }
  routes.push(...config.rules.map((rule, index) => compileRule(rule, index, origin, config)))
  return origin
}

function upstreamOf(config: OriginConfig['upstream'], readUrl: (value: string | { env: string }) => string): Upstream {
  if (config === 'same-host') return { kind: 'same-host' }
  if (typeof config === 'object' && 'binding' in config) return { kind: 'binding', name: config.binding }
  return { kind: 'url', base: readUrl(config).replace(/\/+$/, '') }
}

function compileRule(rule: RuleConfig, index: number, origin: Origin, config: OriginConfig): Route {
  const pattern = readPattern(rule.path)
  if (!pattern.ok) throw new TypeError(`the schema lets no bad pattern pass: ${rule.path}`)
  const inherited: InheritedConfig = { ...config, ...definedOf(rule) }
  return {
    origin,
    index,
    path: rule.path,
    pattern: pattern.value,
    methods: rule.methods ? new Set(rule.methods) : null,
    access: rule.access,
    firstByteSeconds: inherited.timeouts?.firstByteSeconds ?? 30,
    freshnessSeconds: inherited.freshness ?? 5,
    identity: identityOf(inherited.identity),
    cors: corsOf(inherited.cors),
    csrf: csrfOf(inherited.csrf),
    headers: headersOf(inherited.headers ?? 'legacy'),
    passAuthorization: inherited.pass?.authorization ?? false,
    passSessionCookie: inherited.pass?.sessionCookie ?? false,
  }
}

function identityOf(config: InheritedConfig['identity']): IdentityHeaders | null {
  if (!config) return null
  return {
    headers: Object.entries(config.headers).map(([name, selector]) => [name.toLowerCase(), selector.split('.')]),
    encoding: config.encoding ?? 'percent',
    assertion: config.assertion ?? false,
  }
}

function corsOf(config: InheritedConfig['cors']): Cors | null {
  if (!config) return null
  return {
    origins: config.origins === '*' ? '*' : new Set(config.origins),
    credentials: config.credentials ?? false,
    methods: config.methods ? new Set(config.methods) : null,
    headers: (config.headers ?? []).map((name) => name.toLowerCase()),
    expose: config.expose ?? [],
    maxAgeSeconds: config.maxAgeSeconds ?? 600,
  }
}

function csrfOf(config: InheritedConfig['csrf']): Csrf {
  if (config === 'exempt') return { exempt: true, origins: new Set(), siblings: false }
  return { exempt: false, origins: new Set(config?.origins), siblings: config?.siblings ?? false }
}

function headersOf(config: NonNullable<InheritedConfig['headers']>): HeaderTable {
  const table = typeof config === 'string' ? { preset: config } : config
  const preset = table.preset ? presets[table.preset] : { set: {}, setIfAbsent: {}, remove: [] }
  const own = {
    set: lowered(table.set),
    setIfAbsent: lowered(table.setIfAbsent),
    remove: (table.remove ?? []).map((name) => name.toLowerCase()),
  }
  const named = new Set([...Object.keys(own.set), ...Object.keys(own.setIfAbsent), ...own.remove])
  // what the operator names by hand is no longer the preset's business
  const others = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).filter(([name]) => !named.has(name))
  return {
    set: [...others(preset.set), ...Object.entries(own.set)],
    setIfAbsent: [...others(preset.setIfAbsent), ...Object.entries(own.setIfAbsent)],
    remove: new Set([...preset.remove.filter((name) => !named.has(name)), ...own.remove]),
  }
}

const lowered = (entries: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]))

/** The same object without the keys that are written and undefined, so that spreading it overrides nothing. */
const definedOf = <T extends object>(object: { [K in keyof T]?: T[K] | undefined }): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>

/** Says in which file a path of the whole configuration stands: one file per origin, named after it. */
export function placeIn(config: unknown): (path: readonly PropertyKey[]) => Pick<Problem, 'file' | 'path'> {
  const origins = (config as Partial<GatewayConfig> | null)?.origins
  return (path) => {
    const [key, at, ...rest] = path
    const name = key === 'origins' && typeof at === 'number' && Array.isArray(origins) ? origins[at]?.name : undefined
    return typeof name === 'string'
      ? { file: `routes/${name}.ts`, path: formatPath(rest) }
      : { file: 'routes/index.ts', path: formatPath(path) }
  }
}
