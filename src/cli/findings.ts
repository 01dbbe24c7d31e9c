/** Prints what is to be mended, for people and for machines. */

import { describeProblem, type Problem } from '../route/problem.ts'
import type { Io } from './verb.ts'

/** The routes or settings won't do: exit code 1. */
export class FindingsError extends Error {
  override readonly name = 'FindingsError'
  readonly findings: readonly Problem[]
  constructor(findings: readonly Problem[]) {
    super(findings.map(describeProblem).join('\n'))
    this.findings = findings
  }
}

/** On standard output, whichever way: findings are what was asked for. */
export function printFindings(findings: readonly Problem[], json: boolean, io: Io): void {
  if (json) {
    io.out(JSON.stringify({ ok: false, findings }, null, 2))
    return
  }
  io.out(findings.map(paragraph).join('\n\n'))
  io.out(`\n${findings.length === 1 ? '1 finding' : `${findings.length} findings`}`)
}

function paragraph({ file, path, value, message, fix }: Problem): string {
  const lines = [`${file}: ${path || '(the file)'}`, `  ${message}`]
  if (value) lines.push(`  value: ${value}`)
  if (fix) lines.push(`  fix:   ${fix}`)
  return lines.join('\n')
}
