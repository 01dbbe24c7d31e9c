/** What is wrong with a configuration, said so that the operator can mend it: file, path, value, fix. */

import type * as z from 'zod/mini'

export interface Problem {
  /** The file to open: `routes/billing.ts`. */
  readonly file: string
  /** The path inside the object: `rules[2].access`. */
  readonly path: string
  readonly message: string
  /** The bad value as JSON, shortened; empty where there is none. */
  readonly value: string
  readonly fix: string
}

/** One line an operator can act on. */
export function describeProblem(problem: Problem): string {
  const value = problem.value ? ` (${problem.value})` : ''
  const fix = problem.fix ? `; ${problem.fix}` : ''
  return `${problem.file}: ${problem.path || '(the file)'}${value}: ${problem.message}${fix}`
}

/** `['rules', 2, 'access']` → `rules[2].access` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return /^[\w$]+$/.test(String(key)) ? `${text}${text && '.'}${String(key)}` : `${text}[${JSON.stringify(key)}]`
  }, '')
}

/** A value as an error message shows it: JSON, at most 80 characters, without the password of a URL. */
export function showValue(value: unknown): string {
  const json =
    value === undefined ? '' : typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  const shown = json.replaceAll(/\/\/[^/@\s"]*@/g, '//...@')
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown
}

/** Where a secret may stand though it has no business in `routes/`: an error that repeats it would leak it. */
const secretKey = /secret|passw|token|credential|private|key|jwks/i

const showAt = (path: readonly PropertyKey[], value: unknown): string =>
  value !== undefined && path.some((key) => typeof key === 'string' && secretKey.test(key))
    ? 'a value that may be secret, not shown'
    : showValue(value)

/** Nearest of `known` to `word` by edit distance, if near enough to have been meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((key) => ({ key, distance: editDistance(word.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(2, Math.floor(best.key.length / 3)) ? best.key : undefined
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      )
    }
    previous = row
  }
  return previous[b.length] ?? 0
}

/** The issues of a schema as problems; inside a union, those of the branch that was most likely meant. */
export function problemsOf(
  schema: z.ZodMiniType,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  place: (path: readonly PropertyKey[]) => Pick<Problem, 'file' | 'path'>,
): Problem[] {
  return issues
    .flatMap((issue) => flatten(issue, []))
    .flatMap(({ issue, path }) => {
      const at = place(path)
      if (issue.code !== 'unrecognized_keys') {
        const missing = issue.code !== 'custom' && valueAt(input, path) === undefined
        return [
          {
            ...at,
            value: showAt(path, valueAt(input, path)),
            message: missing ? 'missing; it must be written' : 'not valid here',
            fix: fixOf(issue),
          },
        ]
      }
      const known = keysAt(schema, path)
      return issue.keys.map((key) => {
        const near = nearest(key, known)
        return {
          ...place([...path, key]),
          value: showAt([...path, key], valueAt(input, [...path, key])),
          message: `unknown key "${key}"`,
          fix: near ? `did you mean "${near}"?` : `known keys: ${known.join(', ')}`,
        }
      })
    })
}

interface Placed {
  readonly issue: z.core.$ZodIssue
  readonly path: readonly PropertyKey[]
}

function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Placed[] {
  const path = [...above, ...issue.path]
  if (issue.code !== 'invalid_union') return [{ issue, path }]
  const meant = issue.errors.find(
    (branch) =>
      branch.some((inner) => inner.code === 'unrecognized_keys' || inner.path.length > 0) && !branch.some(isOtherShape),
  )
  return meant ? meant.flatMap((inner) => flatten(inner, path)) : [{ issue, path }]
}

/** A branch that lacks its own distinguishing key, or is of another type altogether, wasn't meant. */
const isOtherShape = (issue: z.core.$ZodIssue): boolean =>
  (issue.path.length === 0 && issue.code !== 'unrecognized_keys') ||
  (issue.path.length === 1 && 'input' in issue && issue.input === undefined)

function fixOf(issue: z.core.$ZodIssue): string {
  if (issue.message && issue.message !== 'Invalid input') return issue.message
  if (issue.code === 'invalid_type')
    return `write ${issue.expected === 'array' ? 'a list' : `a value of type ${issue.expected}`}`
  if (issue.code === 'invalid_value') return `write ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`
  if (issue.code === 'too_big') return `write at most ${issue.maximum}`
  if (issue.code === 'too_small') return `write at least ${issue.minimum}`
  return 'see docs/routes.md'
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  )
}

/** The keys that the schema knows at this path, over all branches of a union. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod
  const [key, ...rest] = path
  if (def.type === 'lazy') return keysAt(def.getter(), path)
  if (def.type === 'optional') return keysAt(def.innerType, path)
  if (def.type === 'union') return [...new Set(def.options.flatMap((option) => keysAt(option, path)))]
  if (def.type === 'array' && key !== undefined) return keysAt(def.element, rest)
  if (def.type === 'record' && key !== undefined) return keysAt(def.valueType, rest)
  if (def.type !== 'object') return []
  if (key === undefined) return Object.keys(def.shape)
  const inner = def.shape[String(key)]
  return inner ? keysAt(inner, rest) : []
}
