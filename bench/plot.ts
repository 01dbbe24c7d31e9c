/** Draws the ratios of a run as bars, with the spread over the rounds and the figures to reach: an SVG. */

import type { Figure } from './figures.ts'

const rowHeight = 22
const left = 210
const width = 860
const top = 44

/** @param title says which run it was */
export function plot(all: readonly Figure[], title: string): string {
  // milliseconds have no place on an axis of ratios
  const figures = all.filter(({ scenario }) => !scenario.isLatency)
  const longest = Math.max(1, ...figures.map(({ max, scenario }) => Math.max(max, scenario.toReach ?? 0)))
  const x = (ratio: number): number => Math.round(left + (Math.max(0, ratio) / longest) * (width - left - 70))
  const height = top + figures.length * rowHeight + 16
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${xml(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="8" y="18" font-weight="bold">${xml(title)}</text>
<text x="8" y="34" fill="#555">bar: median ratio to the base; line: least to most; red: the figure to reach; dashed: 1</text>
<line x1="${x(1)}" x2="${x(1)}" y1="${top}" y2="${height - 12}" stroke="#888" stroke-dasharray="4 3"/>
${figures.map((figure, at) => barOf(figure, top + at * rowHeight, x)).join('\n')}
</svg>
`
}

function barOf({ scenario, ratio, min, max }: Figure, y: number, x: (ratio: number) => number): string {
  const middle = y + rowHeight / 2
  const bound =
    scenario.toReach === null
      ? ''
      : `<line x1="${x(scenario.toReach)}" x2="${x(scenario.toReach)}" y1="${y + 2}" y2="${y + rowHeight - 2}" stroke="#c00" stroke-width="2"/>`
  return `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${xml(scenario.name)}</text>
<rect x="${left}" y="${y + 4}" width="${Math.max(1, x(ratio) - left)}" height="${rowHeight - 8}" fill="#7aa6c2"/>
<line x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}" stroke="#123"/>${bound}
<text x="${x(max) + 6}" y="${middle + 4}">${ratio}</text>`
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
