/** What stands around the routes: wrangler.toml, .dev.vars, the environment of the process. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Environment } from '../route/compile.ts'
import type { Problem } from '../route/problem.ts'
import { requiredIn, standInsFor } from './expected-secrets.ts'
import { type Given, type Io, UsageError } from './verb.ts'

export type RuntimeName = 'workerd' | 'deno' | 'node'

export interface Surroundings {
  /** Absolute. */
  readonly folder: string
  /** Absolute; null where there is no wrangler.toml. */
  readonly configPath: string | null
  readonly runtime: RuntimeName
  readonly environment: Environment
  /** Where the environment was read from, for people. */
  readonly sources: readonly string[]
  /** Names that wrangler.toml says Cloudflare keeps, and that are nowhere else: the environment holds a stand-in for each. */
  readonly expectedSecrets: readonly string[]
  /** The names of everything that wrangler.toml binds. */
  readonly bindings: ReadonlySet<string>
  readonly findings: readonly Problem[]
}

const configNames = ['wrangler.toml', 'wrangler.jsonc', 'wrangler.json']
const runtimes: readonly RuntimeName[] = ['workerd', 'deno', 'node']

/** Throws {@link UsageError} where a flag names what isn't there. */
export async function readSurroundings(given: Given, io: Io): Promise<Surroundings> {
  const folder = resolve(io.cwd, given.text('routes') ?? 'routes')
  const named = given.text('config')
  if (named !== undefined && !existsSync(resolve(io.cwd, named))) throw new UsageError(`there is no file ${named}`)
  const configPath = named === undefined ? findConfig([dirname(folder), io.cwd]) : resolve(io.cwd, named)
  const runtime = runtimes.find((name) => name === given.text('runtime')) ?? (configPath ? 'workerd' : 'node')
  const wanted = given.text('runtime')
  if (wanted !== undefined && wanted !== runtime) throw new UsageError(`--runtime is one of ${runtimes.join(', ')}`)

  const around = { folder, configPath, runtime, expectedSecrets: [] }
  // Node and Deno read their own environment alone
  if (configPath === null || runtime !== 'workerd')
    return { ...around, environment: io.environment, sources: ['the environment'], bindings: new Set(), findings: [] }
  const shown = relative(io.cwd, configPath)
  const config = await readWrangler(configPath)
  if (typeof config === 'string') {
    const finding = { file: shown, path: '', value: '', message: `it can't be read: ${config}`, fix: 'mend its syntax' }
    return {
      ...around,
      environment: io.environment,
      sources: ['the environment'],
      bindings: new Set(),
      findings: [finding],
    }
  }
  const section = sectionOf(config, given.text('env'))
  const dev = listedIn(section, readDevVars(configPath, given.text('env')))
  const known = { ...record(section['vars']), ...dev, ...io.environment }
  const standIns = standInsFor(section['secrets'])
  return {
    ...around,
    expectedSecrets: Object.keys(standIns).filter((name) => known[name] === undefined),
    environment: { ...standIns, ...known },
    sources: [`${shown} [vars]`, ...(dev ? ['.dev.vars'] : []), 'the environment'],
    bindings: new Set(bindingsIn(section)),
    findings: cacheFindings(config, shown),
  }
}

const findConfig = (folders: readonly string[]): string | null =>
  folders.flatMap((folder) => configNames.map((name) => join(folder, name))).find(existsSync) ?? null

type Table = Readonly<Record<string, unknown>>

/** @returns the file as it is written, or what is wrong with it */
async function readWrangler(path: string): Promise<Table | string> {
  const { experimental_readRawConfig: readRawConfig } = await import('wrangler')
  try {
    return { ...readRawConfig({ config: path }).rawConfig }
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'unknown'
  }
}

function sectionOf(config: Table, name: string | undefined): Table {
  if (name === undefined) return config
  const sections = record(config['env'])
  if (!Object.hasOwn(sections, name))
    throw new UsageError(`there is no [env.${name}]; there is: ${Object.keys(sections).join(', ') || 'none'}`)
  // vars and bindings aren't inherited by a named environment; wrangler says so too
  return record(sections[name])
}

const record = (value: unknown): Table => (typeof value === 'object' && value !== null ? { ...value } : {})

function readDevVars(configPath: string, name: string | undefined): Table | null {
  const beside = join(dirname(configPath), '.dev.vars')
  const path = [name === undefined ? '' : `${beside}.${name}`, beside].find((file) => file !== '' && existsSync(file))
  return path === undefined ? null : parseEnv(readFileSync(path, 'utf8'))
}

/** Where `[secrets]` stands, wrangler leaves the rest of `.dev.vars` out. */
function listedIn(section: Table, dev: Table | null): Table | null {
  if (dev === null || section['secrets'] === undefined) return dev
  const names = new Set([...Object.keys(record(section['vars'])), ...requiredIn(section['secrets'])])
  return Object.fromEntries(Object.entries(dev).filter(([name]) => names.has(name)))
}

/** A cache in front of the Worker would hand one person's page to the next: no Worker is asked who they are. */
function cacheFindings(config: Table, file: string): Problem[] {
  const sections: [string, Table][] = [
    ['', config],
    ...Object.entries(record(config['env'])).map(([name, section]): [string, Table] => [
      `env.${name}.`,
      record(section),
    ]),
  ]
  return sections
    .filter(([, section]) => section['cache'] === true || record(section['cache'])['enabled'] === true)
    .map(([at]) => ({
      file,
      path: `${at}cache.enabled`,
      value: 'true',
      message: 'this puts a cache in front of the gateway: it answers without asking who may',
      fix: 'delete it',
    }))
}

/** Every `binding = "NAME"`, whichever kind of binding it is. */
function bindingsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(bindingsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'env') return []
    return (key === 'binding' || key === 'name') && typeof inner === 'string' ? [inner] : bindingsIn(inner)
  })
}
