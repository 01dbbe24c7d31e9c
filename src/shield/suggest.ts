/** Makes a policy out of what was reported: what the pages wanted, as sources for the operator to judge. */

import type { Violation } from './reports.ts'

export interface Suggestion {
  /** For `csp: { directives }`. */
  readonly directives: Readonly<Record<string, readonly string[]>>
  /** What can't be had by naming a source, and is better mended than allowed. */
  readonly concerns: readonly string[]
}

/** The directives that fall back on another are told by its name, as most policies are written. */
const general: Readonly<Record<string, string>> = {
  'script-src-elem': 'script-src',
  'script-src-attr': 'script-src',
  'style-src-elem': 'style-src',
  'style-src-attr': 'style-src',
}

export function suggestPolicy(violations: readonly Violation[]): Suggestion {
  const directives = new Map<string, Set<string>>([['default-src', new Set(["'self'"])]])
  const concerns = new Set<string>()
  for (const { directive, blocked, page } of violations) {
    const name = general[directive] ?? directive
    const source = sourceOf(blocked, page)
    if (source === null) concerns.add(concernOf(directive, blocked, page))
    else directives.set(name, (directives.get(name) ?? new Set(["'self'"])).add(source))
  }
  const sorted = [...directives].sort(([a], [b]) => a.localeCompare(b))
  return {
    directives: Object.fromEntries(sorted.map(([name, sources]) => [name, [...sources].sort()])),
    concerns: [...concerns].sort(),
  }
}

function sourceOf(blocked: string, page: string): string | null {
  if (blocked === 'data' || blocked === 'blob') return `${blocked}:`
  const url = URL.parse(blocked)
  if (!url) return null
  return url.origin === URL.parse(page)?.origin ? "'self'" : url.origin
}

function concernOf(directive: string, blocked: string, page: string): string {
  if (blocked === 'inline' && directive.endsWith('-attr'))
    return `${page}: ${directive}: an attribute that runs or styles; no nonce helps: move it into a script or style sheet`
  if (blocked === 'inline') return `${page}: ${directive}: inline; write nonce: true, or move it into a file`
  if (blocked === 'eval') return `${page}: ${directive}: eval; mend it, or write "'unsafe-eval'" knowingly`
  return `${page}: ${directive}: ${blocked || 'something unnamed'}`
}
