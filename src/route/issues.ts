/** Turns what the schema has to say into what an operator can mend. */

import type * as z from 'zod/mini'
import { meantBranch, type Placed } from './meant.ts'
import { nearest, type Problem, showAt, showValue } from './problem.ts'

/**
 * What an issue says where the schema has no words for it, and we have. Whoever imports all of zod in the same process, as
 * wrangler does, gives it words of its own: the schema is asked with this in their place.
 */
export const unsaid = 'Invalid input'

type Place = (path: readonly PropertyKey[]) => Pick<Problem, 'file' | 'path'>

/** The issues of a schema as problems; inside a union, those of the branch that was most likely meant. */
export function problemsOf(
  schema: z.ZodMiniType,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  place: Place,
): Problem[] {
  const placed = issues.flatMap((issue) => flatten(issue, [], input))
  return placed
    .filter((item) => !isMisspelt(item, placed, input))
    .flatMap(({ issue, path }) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => unknownKey(key, path, keysAt(schema, path), input, place))
        : [
            {
              ...place(path),
              value: showAt(path, valueAt(input, path)),
              message: messageOf(issue, valueAt(input, path)),
              fix: fixOf(issue, valueAt(input, path)),
            },
          ],
    )
}

function flatten(issue: z.core.$ZodIssue, above: readonly PropertyKey[], input: unknown): Placed[] {
  const path = [...above, ...issue.path]
  if (issue.code !== 'invalid_union') return [{ issue, path }]
  const meant = meantBranch(issue, valueAt(input, path))
  return meant ? meant.flatMap((inner) => flatten(inner, path, input)) : [{ issue, path }]
}

/** A key is missing where another, unknown one stands in its stead: that one is told of. */
function isMisspelt({ issue, path }: Placed, all: readonly Placed[], input: unknown): boolean {
  const key = path.at(-1)
  if (typeof key !== 'string' || issue.code === 'unrecognized_keys' || valueAt(input, path) !== undefined) return false
  const parent = JSON.stringify(path.slice(0, -1).map(String))
  return all.some(
    (other) =>
      other.issue.code === 'unrecognized_keys' &&
      JSON.stringify(other.path.map(String)) === parent &&
      other.issue.keys.some((unknown) => nearest(unknown, [key]) !== undefined),
  )
}

function unknownKey(
  key: string,
  path: readonly PropertyKey[],
  known: readonly string[],
  input: unknown,
  place: Place,
): Problem {
  const problem = { ...place([...path, key]), value: showAt([...path, key], valueAt(input, [...path, key])) }
  if (known.includes(key)) {
    const value = valueAt(input, path)
    const others = Object.keys(typeof value === 'object' && value !== null ? value : {}).filter(
      (other) => other !== key,
    )
    const joined = [...others, key].map((name) => `{ ${name} }`).join(', ')
    const fix = known.includes('all') ? `join them: { all: [${joined}] } or { any: [${joined}] }` : 'keep one of them'
    return { ...problem, message: `"${key}" can't stand beside "${others.join('", "')}"`, fix }
  }
  const near = nearest(key, known)
  return {
    ...problem,
    message: `unknown key "${key}"`,
    fix: near ? `did you mean "${near}"?` : `known keys: ${known.join(', ')}`,
  }
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'missing; it must be written'
  if (typeof value === 'function') return 'routes are data: a function can be neither checked nor explained'
  if (value instanceof RegExp) return 'routes are data: there are no regular expressions'
  return value === null ? 'null says nothing' : 'not valid here'
}

function fixOf(issue: z.core.$ZodIssue, value: unknown): string {
  const near = typeof value === 'string' ? nearest(value, literalsOf(issue)) : undefined
  if (near !== undefined) return `did you mean "${near}"?`
  if (issue.code === 'invalid_key') return issue.issues[0] ? fixOf(issue.issues[0], value) : 'choose another name'
  if (issue.message && issue.message !== unsaid) return issue.message
  if (issue.code === 'invalid_type') return typeFix(issue.expected, value)
  if (issue.code === 'invalid_value') return `write ${issue.values.map((item) => JSON.stringify(item)).join(' or ')}`
  if (issue.code === 'too_big') return `write at most ${issue.maximum}`
  if (issue.code === 'too_small') return `write at least ${issue.minimum}`
  return 'see docs/routes.md'
}

/** The words that would have done. */
function literalsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string')
  if (issue.code !== 'invalid_union') return []
  return issue.errors
    .flat()
    .filter((inner) => inner.path.length === 0)
    .flatMap(literalsOf)
}

function typeFix(expected: string, value: unknown): string {
  if (expected === 'array')
    return typeof value === 'string' ? `write a list: [${showValue(value)}]` : 'write a list: [...]'
  if (expected === 'boolean') return 'write true or false, without quotes'
  if (expected === 'string') return 'write text, in quotes'
  if (expected === 'number' || expected === 'int') return 'write a number, without quotes'
  return 'write an object: { ... }'
}

/** What stands there; own properties only. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
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
