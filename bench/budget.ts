/** Holds the figures of a run against `bench/budgets.json`: what a machine shared with others can still tell. */

import { readFileSync } from 'node:fs'
import type { Figure } from './figures.ts'

export interface Budgets {
  /** Of CPU time per request to the base, by scenario: far above what is measured, for noise is no regression. */
  readonly ratios: Readonly<Record<string, number>>
  /** Reads of stores and fetches of keys per request, by scenario. */
  readonly fetches: Readonly<Record<string, number>>
}

export const readBudgets = (): Budgets => JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8'))

/** @returns a sentence for each figure that is over its budget */
export const overBudget = (figures: readonly Figure[], { ratios, fetches }: Budgets): readonly string[] =>
  figures.flatMap(({ scenario: { name }, ratio, ours }) => [
    ...over(`the CPU ratio of ${name}`, ratio, ratios[name]),
    ...over(`the number of fetches per request of ${name}`, ours.fetches, fetches[name]),
  ])

const over = (what: string, value: number, most = Number.POSITIVE_INFINITY): readonly string[] =>
  value <= most ? [] : [`${what} is ${value.toFixed(3)}: at most ${most}, as bench/budgets.json has it`]
