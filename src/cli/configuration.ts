/** Routes, environment and settings, checked in every way there is before a request ever comes. */

import { compile, type Gateway } from '../route/compile.ts'
import { lint } from '../route/lint.ts'
import type { Problem } from '../route/problem.ts'
import { promisesOf, type SessionStore, type StoreName } from '../session/store.ts'
import { readSettings, type Settings } from '../settings.ts'
import { overasked, unmet } from '../unmet.ts'
import { FindingsError } from './findings.ts'
import { misspelt } from './misspelt.ts'
import { loadRouteFiles, type RouteFiles } from './route-files.ts'
import { type RuntimeName, readSurroundings, type Surroundings } from './surroundings.ts'
import type { Given, Io } from './verb.ts'

export interface Configuration {
  readonly files: RouteFiles
  readonly surroundings: Surroundings
  /** null where the schema refuses it. */
  readonly gateway: Gateway | null
  /** null where the environment won't do. */
  readonly settings: Settings | null
  readonly findings: readonly Problem[]
}

/** Reads everything, and finds everything: what start refuses is found, and more. */
export async function readConfiguration(given: Given, io: Io): Promise<Configuration> {
  const surroundings = await readSurroundings(given, io)
  const files = await loadRouteFiles(surroundings.folder, io.cwd)
  const before = [...files.findings, ...surroundings.findings, ...misspelt(surroundings.names, files.config)]
  const gateway = files.config === undefined ? null : compile(files.config, surroundings.environment)
  const config = gateway?.ok ? gateway.value : null
  const settings = readSettings(surroundings.environment, config)
  const found = [
    ...(gateway?.ok === false ? gateway.error : []),
    ...(config ? lint(config) : []),
    ...(settings.ok ? [] : settings.error),
    ...(config && settings.ok ? unmetBy(surroundings, config, settings.value) : []),
  ]
  return {
    files,
    surroundings,
    gateway: config,
    settings: settings.ok ? settings.value : null,
    findings: [...before, ...found.map(files.place)],
  }
}

/** For the verbs that need what they explain to be sound. Throws {@link FindingsError} where it can't be put together. */
export async function readSoundConfiguration(
  given: Given,
  io: Io,
): Promise<Configuration & { readonly gateway: Gateway; readonly settings: Settings }> {
  const configuration = await readConfiguration(given, io)
  const { gateway, settings, findings } = configuration
  if (!gateway || !settings) throw new FindingsError(findings)
  return { ...configuration, gateway, settings }
}

function unmetBy(surroundings: Surroundings, gateway: Gateway, settings: Settings): Problem[] {
  const { runtime, bindings } = surroundings
  const store = openable(runtime, settings.sessionStore)
  const problems = unmet(
    {
      name: runtime,
      hasBinding: (name) => bindings.has(name),
      hasZone: runtime === 'workerd',
    },
    gateway.origins,
    settings,
    store,
  )
  if (store) problems.push(...overasked(gateway.origins, settings.sessionStore, store.promises))
  if (settings.sessionStore === 'kv' && runtime === 'workerd' && !bindings.has('SESSIONS')) {
    problems.push({
      file: 'wrangler.toml',
      path: 'kv_namespaces',
      value: '',
      message: 'SESSION_STORE is kv, and no KV namespace is bound as SESSIONS',
      fix: 'make one with npx wrangler kv namespace create SESSIONS, and write its id here',
    })
  }
  if (settings.sessionStore === 'durable-object' && runtime === 'workerd' && !bindings.has('SESSION_OBJECTS')) {
    problems.push({
      file: 'wrangler.toml',
      path: 'durable_objects.bindings',
      value: '',
      message: 'SESSION_STORE is durable-object, and no class is bound as SESSION_OBJECTS',
      fix: 'bind class_name = "SessionObject", and add the migration that makes it: see docs/sessions.md',
    })
  }
  return problems
}

/** The store as far as its promises go: nothing is asked of it. */
function openable(runtime: RuntimeName, name: Settings['sessionStore']): SessionStore | null {
  if (name === 'none' || !where[name].includes(runtime)) return null
  return {
    promises: promisesOf[name],
    read: unasked,
    write: unasked,
    swap: unasked,
    raise: unasked,
    delete: unasked,
    list: unasked,
  }
}

/** On which runtimes a store can be opened. */
const where: Readonly<Record<StoreName, readonly RuntimeName[]>> = {
  kv: ['workerd'],
  'durable-object': ['workerd'],
  upstash: ['workerd', 'deno', 'node'],
  'deno-kv': ['deno'],
  memory: ['deno', 'node'],
}

const unasked = (): Promise<never> => Promise.reject(new TypeError('nothing is asked of a store by a check'))
