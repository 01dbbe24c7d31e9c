import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const rows = readFileSync(join(root, 'docs/oidc-conformance.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, module = '', file = '', title = ''] =
      /^\| `(oidcc-client-test[\w-]*)` .*`(test\/[^`]+)` "([^"]+)"/.exec(line) ?? []
    return module ? [{ module, file, title }] : []
  })

describe('docs/oidc-conformance.md', () => {
  it('has every module of the plan, once', () => {
    expect(new Set(rows.map(({ module }) => module)).size).toBe(14)
    expect(rows).toHaveLength(14)
  })

  it.each(rows)('$module is answered by a test that is there', ({ file, title }) => {
    expect(existsSync(join(root, file))).toBe(true)
    expect(readFileSync(join(root, file), 'utf8')).toContain(title)
  })
})
