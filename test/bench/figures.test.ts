import { describe, expect, it } from 'vitest'
import { overBudget } from '../../bench/budget.ts'
import { type Figure, figureOf, median, wordsOf } from '../../bench/figures.ts'
import type { Round, Sample } from '../../bench/measure.ts'
import { plot } from '../../bench/plot.ts'
import { chosen, type Scenario, scenarios } from '../../bench/scenarios.ts'
import { rowOf } from '../../bench/table.ts'

const sample = (cpuMicroseconds: number, more: Partial<Sample> = {}): Sample => ({
  cpuMicroseconds,
  perSecond: 1e6 / cpuMicroseconds,
  p50Milliseconds: 1,
  p99Milliseconds: 2,
  grownMebibytes: 1,
  peakMebibytes: 50,
  fetches: 0,
  ...more,
})
const round = (ours: number, base: number, less: number | null = null): Round => ({
  ours: sample(ours),
  base: sample(base),
  less: less === null ? null : sample(less),
})
const leg = { subject: 'workerd kv', requests: 'page', isRefused: false } as const
const scenario = (more: Partial<Scenario> = {}): Scenario => ({
  name: 'workerd.x',
  ours: leg,
  base: leg,
  toReach: null,
  ...more,
})
const figure = (rounds: readonly Round[], more: Partial<Scenario> = {}): Figure => figureOf(scenario(more), rounds)

describe('the figure of a scenario', () => {
  it('compares within each round, and not over rounds', () => {
    // the machine was four times as slow in the second round, for both
    const { ratio, min, max } = figure([round(200, 100), round(880, 400), round(210, 100)])
    expect({ ratio, min, max }).toEqual({ ratio: 2.1, min: 2, max: 2.2 })
  })

  it('takes the rest off before it compares', () => {
    expect(figure([round(150, 100, 130)], { less: leg }).ratio).toBe(0.2)
  })

  it('compares throughput where bodies are big', () => {
    expect(figure([round(200, 100)], { isBig: true }).ratio).toBe(0.5)
  })

  it('is the milliseconds that are added where latency is meant', () => {
    const slower = { ours: sample(1, { p99Milliseconds: 2.75 }), base: sample(1, { p99Milliseconds: 2.5 }), less: null }
    const { ratio } = figureOf(scenario({ isLatency: true, toReach: 1 }), [slower])
    expect(ratio).toBe(0.25)
    expect(rowOf(figureOf(scenario({ isLatency: true }), [slower]))).toContain('0.25 ms')
    expect(plot([figureOf(scenario({ isLatency: true }), [slower])], 'title')).not.toContain('workerd.x')
  })

  it.each([
    [[3], 3],
    [[4, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
  ])('has the median of %j', (values, expected) => expect(median(values)).toBe(expected))
})

describe('the words', () => {
  it.each<[string, readonly Round[], Partial<Scenario>, string]>([
    ['say when ours and base can not be told apart', [round(99, 100), round(101, 100)], {}, 'inside the noise'],
    ['say nothing of a difference where nothing is to be reached', [round(120, 100), round(130, 100)], {}, ''],
    ['say that a figure is reached', [round(110, 100), round(112, 100)], { toReach: 1.2 }, 'reached'],
    ['say that a figure is missed', [round(130, 100), round(140, 100)], { toReach: 1.2 }, 'missed'],
    [
      'say when one round reaches it and another does not',
      [round(110, 100), round(115, 100), round(130, 100)],
      { toReach: 1.2 },
      'reached; within the spread',
    ],
    ['want more throughput, not less', [round(200, 100)], { toReach: 0.95, isBig: true }, 'missed'],
    [
      'compare a step alone with nothing',
      [round(99, 100, 100), round(102, 100, 100)],
      { toReach: 0.12, less: leg },
      'reached; difference inside the noise',
    ],
  ])('%s', (_, rounds, more, words) => expect(wordsOf(figure(rounds, more))).toBe(words))
})

describe('the scenarios', () => {
  it('have the names that the JSON line promises', () => {
    const names = scenarios.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(
      expect.arrayContaining([
        ...['pass', 'rs256', 'es256', 'session', 'authStep', 'tokens20k'].map((name) => `workerd.${name}`),
        ...['refused', 'badSignature', 'big', 'rules1000'].map((name) => `workerd.${name}`),
        ...['deno.rs256', 'deno.session', 'node.rs256', 'node.session'],
      ]),
    )
  })

  it('are chosen by name, not by what a name begins with', () => {
    expect(chosen(['workerd.session']).map(({ name }) => name)).toEqual(['workerd.session'])
    expect(chosen(['deno']).map(({ name }) => name)).toEqual(['deno.pass', 'deno.rs256', 'deno.session'])
    expect(() => chosen(['workerd.nothing'])).toThrow('no scenario "workerd.nothing"')
  })
})

describe('a budget', () => {
  const dear = figureOf(scenario(), [{ ...round(300, 100), ours: sample(300, { fetches: 1 }) }])
  it.each([
    ['is kept', { ratios: { 'workerd.x': 3 }, fetches: { 'workerd.x': 1 } }, 0],
    ['is exceeded by CPU', { ratios: { 'workerd.x': 2.9 }, fetches: {} }, 1],
    ['is exceeded by fetches', { ratios: {}, fetches: { 'workerd.x': 0 } }, 1],
    ['is for another scenario', { ratios: { 'workerd.y': 1 }, fetches: {} }, 0],
  ])('%s', (_, budgets, count) => expect(overBudget([dear], budgets)).toHaveLength(count))
})

describe('what is printed', () => {
  const one = figure([round(200, 100), round(220, 100)], { toReach: 1.2 })
  it('has the ratio, its spread and the figure to reach in a row', () => {
    expect(rowOf(one)).toContain('| workerd.x | 2.1 (2–2.2) | ≤ 1.2 | missed |')
  })

  it('is drawn as a well-formed picture', () => {
    const drawn = plot([one, figure([round(90, 100)], { name: 'a<b&c' })], 'a run & its figures')
    expect(drawn).toContain('a&lt;b&amp;c')
    expect(drawn.match(/<text /g)?.length).toBe(2 + 2 * 2)
    expect(drawn).not.toMatch(/NaN|undefined/)
  })
})
