import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { traits } from '../support/legacy.ts'

it('docs/origins.md says of each server what the suite found', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/origins.md'), 'utf8')
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('`'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  expect(
    rows.map(([, , believes = '', chunks, gzip]) => ({
      believes: [...believes.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      takesChunks: chunks === 'yes',
      compresses: gzip === 'yes',
    })),
  ).toEqual(Object.values(traits))
})
