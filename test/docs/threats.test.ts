import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/threats.md'), 'utf8')
const named = [...page.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)].map(
  ([, file = '', title = '']) => [file, title] as const,
)

describe('docs/threats.md', () => {
  it.each(named)('%s: %s', (file, title) => {
    expect(existsSync(join(root, file))).toBe(true)
    const titles = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
    expect(titles).toContain(title)
  })

  it.each(Array.from({ length: 25 }, (_, at) => `I${at + 1}`))('answers %s', (invariant) => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${invariant} `)) ?? ''
    expect(row).toMatch(/`test\/[^`]+` "/)
  })

  it('names tests', () => {
    expect(named.length).toBeGreaterThan(40)
  })
})
