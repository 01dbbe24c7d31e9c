/** Guesses which of several forms an operator meant, by the keys that stand there. */

import type * as z from 'zod/mini'
import { nearest } from './problem.ts'

export interface Placed {
  readonly issue: z.core.$ZodIssue
  readonly path: readonly PropertyKey[]
}

type Issues = readonly z.core.$ZodIssue[]

/** @returns what is wrong with the form that was most likely meant, or null when the value looks like none */
export function meantBranch(union: z.core.$ZodIssueInvalidUnion, value: unknown): Issues | null {
  const ranked = branchesOf(union)
    .map((issues) => ({ issues, cost: costOf(issues, value) }))
    .filter(({ cost }) => cost < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.cost - b.cost)
  return ranked[0]?.issues ?? null
}

/** A union inside a union is one list of forms. */
const branchesOf = (union: z.core.$ZodIssueInvalidUnion): Issues[] =>
  union.errors.flatMap((branch) => {
    const [only] = branch
    return branch.length === 1 && only?.code === 'invalid_union' && only.path.length === 0 ? branchesOf(only) : [branch]
  })

/** How much would have to be mended for the value to be of this form. */
function costOf(issues: Issues, value: unknown): number {
  if (issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys'))
    return Number.POSITIVE_INFINITY
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 0
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
  const written = Object.keys(value)
  const missing = issues
    .filter((issue) => issue.path.length === 1 && !written.includes(String(issue.path[0])))
    .map((issue) => String(issue.path[0]))
  const misspelt = missing.filter((key) => unknown.some((other) => nearest(other, [key]) !== undefined)).length
  // nothing that is written belongs to this form
  if (unknown.length === written.length && misspelt === 0) return Number.POSITIVE_INFINITY
  return misspelt + 3 * (missing.length - misspelt) + 2 * (unknown.length - misspelt)
}
