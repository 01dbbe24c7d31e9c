/** What a verb of the CLI is: its words, its flags, and what it does with them. */

import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { nearest } from '../route/problem.ts'

export interface Verb {
  /** As it is typed: `check`, `session create`. */
  readonly name: string
  readonly summary: string
  /** Everything after the summary that `--help` prints. */
  readonly help: string
  readonly options: ParseArgsOptionsConfig
  /** Names of what stands without a flag, in order; each must be there. */
  readonly positionals: readonly string[]
  /** @returns the exit code: 0 for done, 1 for findings */
  run(given: Given, io: Io): Promise<number>
}

/** All that a verb touches of the process it runs in. */
export interface Io {
  out(text: string): void
  err(text: string): void
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Seconds since the epoch. */
  readonly now: () => number
}

/** What was typed, by the verb's own flags. */
export interface Given {
  flag(name: string): boolean
  text(name: string): string | undefined
  list(name: string): readonly string[]
  readonly positionals: readonly string[]
}

/** Typed wrongly: exit code 2, with what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Flags that every verb has. */
export const common: ParseArgsOptionsConfig = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
}

/** Flags of the verbs that read routes. */
export const placeOptions: ParseArgsOptionsConfig = {
  routes: { type: 'string' },
  config: { type: 'string' },
  env: { type: 'string' },
  runtime: { type: 'string' },
}

/** Help for {@link placeOptions}. */
export const placeHelp = `  --routes DIR      the folder with index.ts and a file per origin (default: routes)
  --config FILE     the wrangler.toml to read (default: the one beside the routes, else here)
  --env NAME        read [env.NAME] of wrangler.toml
  --runtime NAME    workerd, deno or node (default: workerd where there is a wrangler.toml, else node)`

/** Reads what was typed after a verb's name. Throws {@link UsageError} for a flag that it hasn't got. */
export function readGiven(verb: Verb, args: readonly string[]): Given {
  const options = { ...verb.options, ...common }
  const loose = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  for (const token of loose.tokens) {
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      const near = nearest(token.name, Object.keys(options))
      const known = Object.keys(options).map((name) => `--${name}`)
      throw new UsageError(
        `${verb.name} has no flag ${token.rawName}; ${near ? `did you mean --${near}?` : `its flags: ${known.join(' ')}`}`,
      )
    }
  }
  const { values, positionals } = parseStrictly(verb, args, options)
  if (values['help'] !== true) {
    const missing = verb.positionals[positionals.length]
    if (missing) throw new UsageError(`${verb.name} wants ${verb.positionals.join(' ')}; ${missing} is missing`)
    const extra = positionals[verb.positionals.length]
    if (extra !== undefined) throw new UsageError(`${verb.name} doesn't know what to do with "${extra}"`)
  }
  return {
    flag: (name) => values[name] === true,
    text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    list: (name) => {
      const value = values[name]
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
    },
    positionals,
  }
}

function parseStrictly(verb: Verb, args: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`${verb.name}: ${error.message}`)
  }
}
