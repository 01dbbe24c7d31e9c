/** Reads the path pattern of a rule: literal segments, `:name` for one, a last `/*` for the rest. */

import { err, ok, type Result } from '../result.ts'
import { foldSegment, type PathOptions, readTarget, strictPaths } from './path.ts'
import type { Segments } from './readings.ts'

export interface Pattern {
  /** null stands for `:name`: any one segment that isn't empty. */
  readonly segments: readonly (string | null)[]
  /** Ends in `/*`: matches what it ends in, and all below it. */
  readonly rest: boolean
}

/** @returns the pattern, or a sentence that says how to mend it. */
export function readPattern(text: string): Result<Pattern, string> {
  if (!text.startsWith('/')) return err(`start it with a slash: "/${text}"`)
  const rest = text.endsWith('/*')
  const path = rest ? text.slice(0, -2) : text
  if (path.includes('*')) return err('"*" may stand only as the last segment: "/assets/*"')
  if (path === '/' && rest) return err('leave one slash out: "/*"')
  if (path.length > 1 && path.endsWith('/')) return err(`leave the last slash out: "${path.slice(0, -1)}" matches both`)
  const segments: (string | null)[] = []
  for (const segment of path === '/' || path === '' ? [] : path.slice(1).split('/')) {
    if (!segment.startsWith(':')) {
      const literal = readLiteral(segment)
      if (!literal.ok) return literal
      segments.push(literal.value)
    } else if (/^:[A-Za-z_]\w*$/.test(segment)) segments.push(null)
    else return err(`"${segment}" is no name; write a colon and a word: ":id"`)
  }
  return ok({ segments, rest })
}

/** Matched letter by letter, these would guard nothing of what they were meant to. */
const looksWild = /[()[\]{}|^\\]|\.\+|\$$/

/** A literal has one reading only: one with more could never be met, and matching relies on there being none. */
function readLiteral(segment: string): Result<string, string> {
  if (segment === '') return err('leave the empty segment out: "//" is never matched as such')
  if (looksWild.test(segment))
    return err(
      `"${segment}" looks like a regular expression or a glob, and there are none: write a rule for each literal, ":name" for any one segment, a last "/*" for the rest; what is meant to the letter is percent-encoded`,
    )
  const read = readTarget(`/${segment}`, strictPaths)
  if (!read.ok) return err(`"${segment}" could never be requested (${read.error}); ${spelling(segment)}`)
  if (read.value.search) return err('a rule sees the path alone, and "?" makes nothing optional: leave the query out')
  const [[literal = ''] = [], other] = read.value.readings
  return other
    ? err(`servers read "${segment}" in more than one way, so no rule can name it; write ":name" there`)
    : ok(literal)
}

/** How to write it so that it is met, if there is a way. */
function spelling(segment: string): string {
  const plain = segment.replaceAll(/%([0-7][0-9a-f])/gi, (written, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : written
  })
  const spelt = [encodeURI(segment), plain].find((other) => readTarget(`/${other}`, strictPaths).ok)
  return spelt ? `write it as a browser sends it: "${spelt}"` : 'leave it out, or write ":name" there'
}

/** True if every path that `inner` matches is matched by `outer` too. */
export function covers(outer: Pattern, inner: Pattern, options: PathOptions): boolean {
  if (inner.rest && !outer.rest) return false
  if (outer.rest ? inner.segments.length < outer.segments.length : inner.segments.length !== outer.segments.length)
    return false
  return outer.segments.every((segment, at) => {
    const other = inner.segments[at]
    if (segment === null) return true
    return typeof other === 'string' && foldSegment(segment, options) === foldSegment(other, options)
  })
}

/** True if the pattern matches these decoded segments. The table finds rules; this explains a single one. */
export function matches(pattern: Pattern, segments: Segments, options: PathOptions): boolean {
  if (pattern.rest ? segments.length < pattern.segments.length : segments.length !== pattern.segments.length)
    return false
  return pattern.segments.every((segment, at) =>
    segment === null ? segments[at] !== '' : foldSegment(segment, options) === segments[at],
  )
}
