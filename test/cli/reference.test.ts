import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { routesPage } from '../../src/cli/reference/page.ts'
import { checkout } from './support.ts'

test('docs/routes.md is what npm run docs writes', () => {
  expect(readFileSync(join(checkout, 'docs/routes.md'), 'utf8')).toBe(routesPage())
})
