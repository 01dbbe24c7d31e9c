/** Runs the CLI: in this process for tables, as the process that an operator starts for the rest. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { run } from '../../src/cli/main.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export const checkout = join(import.meta.dirname, '../..')

export interface Where {
  readonly cwd?: string
  readonly environment?: Record<string, string>
}

/** The CLI in this process, in an environment of its own. */
export async function sallyport(
  args: readonly string[],
  { cwd = checkout, environment = {} }: Where = {},
): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const code = await run(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    cwd,
    environment,
    now: () => Date.now() / 1000,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** The CLI as a process of its own. */
export function sallyportProcess(
  args: readonly string[],
  { cwd = checkout, environment = {} }: Where = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(checkout, 'src/cli/sallyport.js'), ...args],
      { cwd, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment } },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
  })
}

/** A folder of its own with these files; end it when done. */
export function makeFolder(files: Readonly<Record<string, string>>): { readonly path: string; end(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, end: () => rmSync(path, { recursive: true, force: true }) }
}
