/** The figures as a table in Markdown: first what is compared, then what it comes from. */

import { type Figure, wordsOf } from './figures.ts'

const columns = [
  'scenario',
  'CPU ratio (min–max)',
  'to reach',
  'in words',
  'CPU µs, ours / base',
  'req/s ratio',
  'p50 ratio',
  'p99 ratio',
  'p99 ms, ours / base',
  'peak MiB, ours / base',
  'fetches per request',
]

export const head = (): string => `${line(columns)}\n|${columns.map(() => '---').join('|')}|`

/** Big bodies: the ratio is one of throughput, `req/s` is MiB/s, and memory is what came on top of an idle process. */
export function rowOf(figure: Figure): string {
  const { scenario, ratio, min, max, ours, base } = figure
  const { toReach, isBig, isLatency } = scenario
  const unit = isBig ? ' of throughput' : isLatency ? ' ms' : ''
  const bound = toReach === null ? '–' : `${isBig ? '≥' : '≤'} ${toReach}`
  const memory = isBig ? 'grownMebibytes' : 'peakMebibytes'
  return line([
    scenario.name,
    `${ratio}${unit} (${min}–${max})`,
    bound,
    wordsOf(figure),
    `${ours.cpuMicroseconds.toFixed(0)} / ${base.cpuMicroseconds.toFixed(0)}`,
    quotient(ours.perSecond, base.perSecond),
    isBig ? '–' : quotient(ours.p50Milliseconds, base.p50Milliseconds),
    isBig ? '–' : quotient(ours.p99Milliseconds, base.p99Milliseconds),
    isBig ? '–' : `${ours.p99Milliseconds.toFixed(1)} / ${base.p99Milliseconds.toFixed(1)}`,
    `${ours[memory].toFixed(0)} / ${base[memory].toFixed(0)}`,
    ours.fetches.toFixed(3),
  ])
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const quotient = (ours: number, base: number): string => (base > 0 ? (ours / base).toFixed(2) : '–')
