/** Loads the operator's folder: index.ts, the files beside it, and which of them is which origin. */

import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Problem, showValue } from '../route/problem.ts'

export interface RouteFiles {
  /** What index.ts exports by default; undefined where it can't be loaded. */
  readonly config: unknown
  /** Every file read, as people see it. */
  readonly files: readonly string[]
  /** What the files themselves have wrong; what is in them is the schema's business. */
  readonly findings: readonly Problem[]
  /** Puts a problem of the schema or the linter into the very file it stands in. */
  place(problem: Problem): Problem
}

const isRouteFile = (name: string): boolean => /\.[cm]?[jt]s$/.test(name) && !/\.(?:d|test)\.[cm]?ts$/.test(name)

/**
 * @param folder absolute
 * @param cwd against which files are shown
 */
export async function loadRouteFiles(folder: string, cwd: string): Promise<RouteFiles> {
  const show = (name: string): string => relative(cwd, join(folder, name)) || name
  const index = ['index.ts', 'index.js', 'index.mjs'].find((name) => existsSync(join(folder, name)))
  if (index === undefined) {
    const missing = finding(
      show('index.ts'),
      '',
      '',
      'there is no such file',
      'write it: export default defineGateway({ origins: [...] }); or name the folder with --routes DIR',
    )
    return { config: undefined, files: [], findings: [missing], place: (problem) => problem }
  }
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => isRouteFile(name) && name !== index && !name.includes('node_modules'))
    .sort()
  const findings: Problem[] = []
  const modules = new Map<unknown, string>()
  const messages = new Set<string>()
  for (const name of names) {
    const module = await load(join(folder, name))
    if (typeof module === 'string') {
      messages.add(module)
      findings.push(cannotLoad(show(name), module))
    } else if (module.default !== undefined) modules.set(module.default, name)
    else
      findings.push(
        finding(show(name), '', '', 'it exports nothing by default', 'write: export default defineOrigin({ ... })'),
      )
  }
  const module = await load(join(folder, index))
  const config = typeof module === 'string' ? undefined : module.default
  // what a file lacks that index.ts imports was said already
  if (typeof module === 'string' && !messages.has(module)) findings.push(cannotLoad(show(index), module))
  if (typeof module !== 'string' && config === undefined)
    findings.push(
      finding(show(index), '', '', 'it exports nothing by default', 'write: export default defineGateway({ ... })'),
    )

  const origins = originsOf(config)
  if (config !== undefined) {
    for (const [exported, name] of modules) {
      const at = origins.indexOf(exported)
      findings.push(...(at < 0 ? [notListed(show(name), show(index))] : misnamed(show(name), name, exported)))
    }
  }
  return { config, files: [index, ...names].map(show), findings, place }

  function place(problem: Problem): Problem {
    const name = /^routes\/(.+)\.ts$/.exec(problem.file)?.[1]
    if (name === undefined) return problem
    if (name === 'index') return { ...problem, file: show(index ?? 'index.ts') }
    const at = origins.findIndex((origin) => nameOf(origin) === name)
    const file = modules.get(origins[at])
    if (file !== undefined) return { ...problem, file: show(file) }
    return { ...problem, file: show(index ?? 'index.ts'), path: `origins[${at}]${problem.path && '.'}${problem.path}` }
  }
}

/** @returns the module, or why it can't be loaded */
async function load(path: string): Promise<{ default?: unknown } | string> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0]}${lineOf(error)}` : 'unknown'
  }
}

/** Of what isn't even parsed Node writes file and line above the stack. */
const lineOf = ({ stack = '' }: Error): string => {
  const line = /^[^\n]*:(\d+)\n/.exec(stack)?.[1]
  return line ? `, line ${line}` : ''
}

const originsOf = (config: unknown): readonly unknown[] =>
  typeof config === 'object' && config !== null && 'origins' in config && Array.isArray(config.origins)
    ? config.origins
    : []

const nameOf = (origin: unknown): unknown =>
  typeof origin === 'object' && origin !== null && 'name' in origin ? origin.name : undefined

const cannotLoad = (file: string, message: string): Problem =>
  finding(file, '', '', `it can't be loaded: ${message}`, 'mend it; npx tsc says where')

const notListed = (file: string, index: string): Problem =>
  finding(file, '', '', 'no index lists it: it guards nothing', `add it to origins in ${index}, or delete the file`)

function misnamed(file: string, path: string, exported: unknown): Problem[] {
  const name = nameOf(exported)
  const base = path.replace(/\.[cm]?[jt]s$/, '')
  if (typeof name !== 'string' || name === base) return []
  return [
    finding(
      file,
      'name',
      showValue(name),
      `the file is called "${base}"`,
      `write name: '${base}', or rename the file to ${name}.ts`,
    ),
  ]
}

const finding = (file: string, path: string, value: string, message: string, fix: string): Problem => ({
  file,
  path,
  value,
  message,
  fix,
})
