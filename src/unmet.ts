/** Finds what the routes and settings ask of the place they run in, and it hasn't got. */

import { formatPath, type Problem } from './route/problem.ts'
import { type Origin, usualFreshnessSeconds } from './route/table.ts'
import type { SessionStore, StorePromises } from './session/store.ts'
import type { Settings } from './settings.ts'

const storeFixes: Readonly<Record<Exclude<Settings['sessionStore'], 'none'>, string>> = {
  kv: 'on Workers bind a KV namespace as SESSIONS; elsewhere use upstash, or memory for one process',
  'durable-object': 'on Workers bind the class SessionObject as SESSION_OBJECTS; elsewhere use upstash',
  'deno-kv': 'run deno with --unstable-kv; on other runtimes use upstash, or kv on Workers',
  memory: 'an instance of a Worker sees no other one: use kv, durable-object or upstash',
  upstash: 'set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN',
}

/** What is asked of a runtime here. */
export interface Surroundings {
  readonly name: string
  /** True for a binding that can be fetched from. */
  hasBinding(name: string): boolean
  /** Whether `'same-host'` leads anywhere but back. */
  readonly hasZone: boolean
}

/** What the routes and settings ask of this runtime, and it hasn't got. */
export function unmet(
  runtime: Surroundings,
  origins: readonly Pick<Origin, 'name' | 'upstreams' | 'routes'>[],
  settings: Settings,
  store: SessionStore | null,
): Problem[] {
  const problems: Problem[] = []
  if (!store && settings.sessionStore !== 'none') {
    problems.push({
      file: 'environment',
      path: 'SESSION_STORE',
      value: settings.sessionStore,
      message: `${runtime.name} can't open this store`,
      fix: storeFixes[settings.sessionStore],
    })
  }
  for (const { name, upstreams, routes } of origins) {
    const place = { file: `routes/${name}.ts`, path: 'upstream' }
    if (upstreams.some(({ kind }) => kind === 'same-host') && !runtime.hasZone)
      problems.push({
        ...place,
        value: 'same-host',
        message: `on ${runtime.name} this leads back to the gateway`,
        fix: 'write the URL of the upstream',
      })
    for (const upstream of upstreams) {
      if (upstream.kind !== 'binding' || runtime.hasBinding(upstream.name)) continue
      problems.push({
        ...place,
        value: upstream.name,
        message: 'there is no binding of this name that can be fetched from',
        fix:
          runtime.name === 'workerd'
            ? 'add it to wrangler.toml'
            : 'only Workers have bindings: write the URL of the upstream',
      })
    }
    const noting = runtime.name === 'workerd' ? undefined : routes.find((route) => route.headers.nonce)
    if (noting)
      problems.push({
        file: place.file,
        path: formatPath(['rules', noting.index, 'headers', 'csp', 'nonce']),
        value: 'true',
        message: `on ${runtime.name} nothing can write a nonce into a page as it streams: only Workers have HTMLRewriter`,
        fix: "run it on Workers, or leave nonce out and name what may run: hashes, or 'self' with scripts in files",
      })
  }
  return problems
}

/** @returns a warning per rule that passes on an access token from a store in which none can be refreshed */
export const unrefreshed = (origins: readonly Origin[], storeName: string, promises: StorePromises): Problem[] =>
  origins
    .flatMap((origin) => origin.routes)
    .filter((route) => route.accessToken && !promises.atomic)
    .map((route) => ({
      file: `routes/${route.origin.name}.ts`,
      path: formatPath(['rules', route.index, 'accessToken']),
      value: 'true',
      message: `${storeName} has no lock, so no access token is refreshed: when it is over the person signs in again`,
      fix: 'choose a store that is atomic: SESSION_STORE=durable-object or upstash',
    }))

/** @returns a problem per rule that asks to know sooner than usual of a store that may be late, and couldn't tell */
export function overasked(origins: readonly Origin[], storeName: string, promises: StorePromises): Problem[] {
  if (promises.stalenessSeconds === 0) return []
  return origins
    .filter((origin) => origin.session)
    .flatMap((origin) => origin.routes)
    .filter((route) => route.access !== 'public' && route.freshnessSeconds < usualFreshnessSeconds)
    .map((route) => ({
      file: `routes/${route.origin.name}.ts`,
      path: formatPath(['rules', route.index, 'freshness']),
      value: String(route.freshnessSeconds),
      message: `the rule wants to know of a sign-out ${route.freshnessSeconds === 0 ? 'at once' : `within ${route.freshnessSeconds} s`}, and ${storeName} may be ${promises.stalenessSeconds} s late`,
      fix: `choose a store whose consistency is strong, or give freshness as seconds, at the rule or its origin: ${usualFreshnessSeconds}`,
    }))
}
