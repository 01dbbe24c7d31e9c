/** What stands around the routes: wrangler.toml, .dev.vars, the environment of the process. */

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Environment } from '../route/compile.ts'
import type { Problem } from '../route/problem.ts'
import { requiredIn, standInsFor } from './expected-secrets.ts'
import { FindingsError } from './findings.ts'
import { type Given, type Io, UsageError } from './verb.ts'
import { record, type Table, wranglerFindings } from './wrangler-findings.ts'

export type RuntimeName = 'workerd' | 'deno' | 'node'

export interface Surroundings {
  /** Absolute. */
  readonly folder: string
  /** Absolute; null where there is no wrangler.toml. */
  readonly configPath: string | null
  readonly runtime: RuntimeName
  readonly environment: Environment
  /** What was written for the gateway: on Workers in wrangler.toml and .dev.vars, else the whole environment. */
  readonly names: readonly string[]
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

/** Throws {@link UsageError} where a flag names what isn't there, {@link FindingsError} where wrangler.toml can't be read. */
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
    return {
      ...around,
      environment: io.environment,
      names: Object.keys(io.environment),
      sources: ['the environment'],
      bindings: new Set(),
      findings: [],
    }
  const shown = relative(io.cwd, configPath)
  const config = await readWrangler(configPath)
  // all that the routes name would be missing, too
  if (typeof config === 'string')
    throw new FindingsError([
      { file: shown, path: '', value: '', message: `it can't be read: ${config}`, fix: 'mend its syntax' },
    ])
  const section = sectionOf(config, given.text('env'))
  const dev = listedIn(section, readDevVars(configPath, given.text('env')))
  const known = { ...record(section['vars']), ...dev, ...io.environment }
  const standIns = standInsFor(section['secrets'])
  return {
    ...around,
    expectedSecrets: Object.keys(standIns).filter((name) => known[name] === undefined),
    environment: { ...standIns, ...known },
    names: Object.keys({ ...standIns, ...record(section['vars']), ...dev }),
    sources: [`${shown} [vars]`, ...(dev ? ['.dev.vars'] : []), 'the environment'],
    bindings: new Set(bindingsIn(section)),
    findings: wranglerFindings(config, shown),
  }
}

const findConfig = (folders: readonly string[]): string | null =>
  folders.flatMap((folder) => configNames.map((name) => join(folder, name))).find(existsSync) ?? null

/** Whoever serves on Node or Deno installs without it. */
function withoutWrangler(error: unknown): never {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
  throw new UsageError(
    'there is a wrangler.toml, and no wrangler to read it: write --runtime node or deno, or run npm ci',
  )
}

/** @returns the file as it is written, or what is wrong with it */
async function readWrangler(path: string): Promise<Table | string> {
  const { experimental_readRawConfig: readRawConfig } = await import('wrangler').catch(withoutWrangler)
  try {
    return { ...readRawConfig({ config: path }).rawConfig }
  } catch (error) {
    if (!(error instanceof Error)) return 'unknown'
    const line = record('location' in error ? error.location : null)['line']
    return `${error.message.split('\n', 1)[0]}${typeof line === 'number' ? `, line ${line}` : ''}`
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

/** Every `binding = "NAME"`, whichever kind of binding it is. */
function bindingsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(bindingsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'env') return []
    return (key === 'binding' || key === 'name') && typeof inner === 'string' ? [inner] : bindingsIn(inner)
  })
}
