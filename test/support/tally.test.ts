import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Runs these test files, each alone in a folder of its own, and gives what was printed. */
function run(files: Readonly<Record<string, string>>): string {
  mkdirSync(join(root, 'dist'), { recursive: true })
  const place = mkdtempSync(join(root, 'dist/tally-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
    writeFileSync(join(place, 'vitest.config.ts'), 'export default {}\n')
    const reporter = join(root, 'test/support/tally.ts')
    const vitest = join(root, 'node_modules/.bin/vitest')
    return spawnSync(vitest, ['run', '--root', place, '--reporter', reporter], { encoding: 'utf8', cwd: place }).stdout
  } finally {
    rmSync(place, { recursive: true })
  }
}

const lastLine = (text: string): string | undefined => text.trimEnd().split('\n').at(-1)

describe('the tally of a test run', () => {
  it('counts what passed, failed and was left out, and says why', () => {
    const printed = run({
      'a.test.ts': `import { expect, it } from 'vitest'
it('holds', () => expect(1).toBe(1))
it('does not hold', () => expect(1).toBe(2))
it('needs a program', ({ skip }) => skip('redis-server is missing'))
it.todo('is not written')
`,
    })
    expect(lastLine(printed)).toBe('1 passed, 1 failed, 2 skipped')
    expect(printed).toContain('left out: a.test.ts > needs a program: redis-server is missing')
  })

  it('counts a file that cannot be loaded as a failure', () => {
    expect(lastLine(run({ 'a.test.ts': "import './nowhere.ts'\n" }))).toBe('0 passed, 1 failed, 0 skipped')
  })
})
