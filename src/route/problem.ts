/** What is wrong with a configuration, said so that the operator can mend it: file, path, value, fix. */

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

/** A problem in the file of an origin. */
export const problemAt = (
  origin: { readonly name: string },
  path: readonly PropertyKey[],
  value: unknown,
  message: string,
  fix: string,
): Problem => ({
  file: `routes/${origin.name}.ts`,
  path: formatPath(path),
  value: showValue(value),
  message,
  fix,
})

/** `['rules', 2, 'access']` → `rules[2].access` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return /^[\w$]+$/.test(String(key)) ? `${text}${text && '.'}${String(key)}` : `${text}[${JSON.stringify(key)}]`
  }, '')
}

/** A value as an error message shows it: JSON, at most 80 characters, without the password of a URL. */
export function showValue(value: unknown): string {
  const shown = jsonOf(value).replaceAll(/\/\/[^/@\s"]*@/g, '//...@')
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown
}

function jsonOf(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'function') return 'a function'
  if (value instanceof RegExp) return String(value)
  if (typeof value !== 'object') return typeof value === 'string' ? JSON.stringify(value) : String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // what holds itself, or a BigInt: no JSON
    return 'an object'
  }
}

/** Where a secret may stand though it has no business in `routes/`: an error that repeats it would leak it. */
const secretKey = /secret|passw|token|credential|private|key|jwks/i

/** As {@link showValue}, unless a secret might stand there. */
export const showAt = (path: readonly PropertyKey[], value: unknown): string =>
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

/** How many letters would have to be added, taken away or changed. */
export function editDistance(a: string, b: string): number {
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
