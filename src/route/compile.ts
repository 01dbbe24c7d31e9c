/** Turns what the operator wrote into what the gateway reads: checked, environment filled in, nothing left to inherit. */

import * as z from 'zod/mini'
import { err, ok, type Result } from '../result.ts'
import { compileForwarding, upstreamsOf } from './compile-forward.ts'
import { compileIssuer, type Issuer } from './compile-issuer.ts'
import { compileProvider, type Provider } from './compile-provider.ts'
import { compileShield } from './compile-shield.ts'
import { isHttpUrl } from './http-url.ts'
import { problemsOf, unsaid } from './issues.ts'
import { type PathOptions, strictPaths } from './path.ts'
import { readPattern } from './pattern.ts'
import { formatPath, nearest, type Problem, showValue } from './problem.ts'
import { createResourceFinder, type Resource, resourcesOf } from './resource.ts'
import {
  type GatewayConfig,
  gatewaySchema,
  type InheritedConfig,
  type OriginConfig,
  type RuleConfig,
} from './schema.ts'
import { sharersOf } from './site.ts'
import { type IdentityHeaders, type Origin, type Route, type SessionOptions, usualFreshnessSeconds } from './table.ts'

export interface Gateway {
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly providers: ReadonlyMap<string, Provider>
  readonly origins: readonly Origin[]
}

export type Environment = Readonly<Record<string, unknown>>

/**
 * Checks a configuration against the schema and fills in the environment.
 *
 * @returns what it means, or everything that is wrong with it
 */
export function compile(config: unknown, environment: Environment): Result<Gateway, readonly Problem[]> {
  try {
    return compileChecked(config, environment)
  } catch (error) {
    // a getter that throws, an object that never ends: whatever an operator can write is told, not thrown
    const message = `it can't be read: ${error instanceof Error ? error.message : 'unknown'}`
    const fix = 'write plain data: objects, lists, text, numbers, true and false'
    return err([{ file: 'routes/index.ts', path: '', value: '', message, fix }])
  }
}

function compileChecked(config: unknown, environment: Environment): Result<Gateway, readonly Problem[]> {
  const place = placeIn(config)
  const parsed = z.safeParse(gatewaySchema, config, { error: () => unsaid })
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
      isSet
        ? 'the environment variable holds no http or https URL that will do'
        : 'the environment variable is not set, or empty',
      isSet
        ? 'write one without user, query or fragment: "https://billing.example.net"'
        : 'set it in [vars] of wrangler.toml, by wrangler secret put, or in the environment of the process',
    )
    return ''
  }

  const issuers = new Map<string, Issuer>()
  for (const [name, issuer] of Object.entries(parsed.data.issuers ?? {}))
    issuers.set(name, compileIssuer(name, issuer, read, report))
  const providers = new Map<string, Provider>()
  for (const [name, provider] of Object.entries(parsed.data.providers ?? {}))
    providers.set(name, compileProvider(name, provider, read, report))
  const origins = parsed.data.origins.map((origin, at) => {
    const known = (key: 'bearer' | 'providers', what: string, all: ReadonlyMap<string, unknown>): void => {
      for (const name of origin[key] ?? []) {
        if (all.has(name)) continue
        const near = nearest(name, [...all.keys()])
        const names = [...all.keys()].join(', ') || 'none'
        report(
          ['origins', at, key],
          name,
          `no such ${what}`,
          near ? `did you mean "${near}"?` : `known ${what}s: ${names}`,
        )
      }
    }
    known('bearer', 'issuer', issuers)
    known('providers', 'provider', providers)
    const trusted = (origin.bearer ?? []).flatMap((name) => issuers.get(name) ?? [])
    const sharedWith = sharersOf(origin, parsed.data.origins)
    return compileOrigin(origin, sharedWith, trusted, (value) => read(value, ['origins', at, 'upstream'], isHttpUrl))
  })
  return problems.length > 0 ? err(problems) : ok({ issuers, providers, origins })
}

function compileOrigin(
  config: OriginConfig,
  sharedWith: readonly string[],
  issuers: readonly Issuer[],
  readUrl: (value: string | { env: string }) => string,
): Origin {
  const routes: Route[] = []
  const resources: Resource[] = []
  const upstreams = upstreamsOf(config.upstream, readUrl)
  const origin: Origin = {
    name: config.name,
    hosts: (typeof config.host === 'string' ? [config.host] : config.host).map((host) => host.toLowerCase()),
    upstream: upstreams[0],
    upstreams,
    restSeconds: config.failover?.restSeconds ?? 10,
    paths: { ...strictPaths, ...definedOf<PathOptions>(config.paths ?? {}) },
    session: Boolean(config.session),
    sessionOptions: sessionOptionsOf(config, sharedWith),
    bearer: config.bearer ?? [],
    introspects: issuers.some(({ introspection }) => introspection !== null),
    resources,
    providers: config.providers ?? [],
    signIn: config.signIn ?? (config.providers ? '/.sallyport/sign-in' : null),
    redirectToHttps: config.redirectToHttps ?? false,
    shield: compileShield(config),
    routes,
  }
  const findResource = createResourceFinder(origin.hosts, issuers)
  routes.push(...config.rules.map((rule, index) => compileRule(rule, index, origin, config, findResource(rule))))
  resources.push(...resourcesOf(routes, issuers))
  return origin
}

function sessionOptionsOf({ session }: OriginConfig, sharedWith: readonly string[]): SessionOptions {
  const options = typeof session === 'object' ? session : {}
  return {
    claims: options.claims ?? [],
    clearSiteData: options.clearSiteData ?? false,
    site: options.site ?? null,
    sharedWith,
  }
}

function compileRule(
  rule: RuleConfig,
  index: number,
  origin: Origin,
  config: OriginConfig,
  resource: string | null,
): Route {
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
    forwarding: compileForwarding(inherited, rule.cache !== undefined),
    freshnessSeconds: inherited.freshness ?? usualFreshnessSeconds,
    staleIfErrorSeconds: inherited.staleIfError ?? 0,
    vouches: rule.signIn === 'vouched',
    resource,
    identity: identityOf(inherited.identity),
    ...compileShield(inherited),
    passAuthorization: inherited.pass?.authorization ?? false,
    passSessionCookie: inherited.pass?.sessionCookie ?? false,
    accessToken: rule.accessToken ?? false,
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

/** The same object without the keys that are written and undefined, so that spreading it overrides nothing. */
const definedOf = <T extends object>(object: { [K in keyof T]?: T[K] | undefined }): Partial<T> =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>

/** Says in which file a path of the whole configuration stands: one file per origin, named after it. */
export function placeIn(config: unknown): (path: readonly PropertyKey[]) => Pick<Problem, 'file' | 'path'> {
  const origins = (config as Partial<GatewayConfig> | null)?.origins
  return (path) => {
    const [key, at, ...rest] = path
    const origin: unknown = key === 'origins' && typeof at === 'number' && Array.isArray(origins) ? origins[at] : null
    const name = typeof origin === 'object' && origin !== null && 'name' in origin ? origin.name : null
    return typeof name === 'string' && name !== ''
      ? { file: `routes/${name}.ts`, path: formatPath(rest) }
      : { file: 'routes/index.ts', path: formatPath(path) }
  }
}
