/** What MDN's HTTP Observatory says of the gateway before an origin that sets nothing: kept in docs/observatory.md. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { findProgram } from '../support/programs.ts'
import { startRuntime } from '../support/runtimes.ts'
import { listen } from '../support/surroundings.ts'
import { makeCertificate } from './world/certificate.ts'

const root = join(import.meta.dirname, '../..')
const openssl = findProgram('openssl')
const isInstalled = existsSync(join(root, 'test/observatory/node_modules/@mdn/mdn-http-observatory'))
if (!isInstalled)
  console.warn('left out the HTTP Observatory: npm ci --ignore-scripts --prefix test/observatory brings it')

interface Scan {
  readonly scan: { readonly grade: string; readonly score: number; readonly algorithmVersion: number }
  readonly tests: Readonly<Record<string, { pass: boolean; result: string; scoreModifier: number }>>
}

/** The scanner's own bounds: what doesn't answer within them it takes for absent. */
const patience = { ABORT_TIMEOUT: '50000', CLIENT_TIMEOUT: '45000' }

it.skipIf(!isInstalled || !openssl)('gives A+ to strict and at least B+ to legacy', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-observatory-'))
  const origin = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end('<!doctype html><title>an old page</title><p>It sets nothing.</p>')
  })
  const tls = await makeCertificate(openssl ?? '', folder)
  const runtime = await startRuntime('workerd', {
    entry: { workerd: '../observatory/worker.ts', deno: '', node: '' },
    tls,
    environment: { APP_URL: await listen(origin), LOG: 'off' },
  })
  try {
    const hosts = ['strict.example.test', 'legacy.example.test']
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'test/observatory/scan.ts'), String(runtime.port), String(runtime.plainPort), ...hosts],
      {
        env: { ...patience, PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
        timeout: 110_000,
      },
    )
    const [strict, legacy] = hosts.map((host) => JSON.parse(stdout)[host] as Scan)
    expect(strict?.scan.grade).toBe('A+')
    expect(['A+', 'A', 'A-', 'B+']).toContain(legacy?.scan.grade)
    const report = reportOf({ strict, legacy })
    const place = join(root, 'docs/observatory.md')
    if (process.env['WRITE_REPORT']) await writeFile(place, report)
    expect(await readFile(place, 'utf8')).toBe(report)
  } finally {
    await runtime.stop()
    origin.close()
    await rm(folder, { recursive: true, force: true })
  }
})

function reportOf(scans: Readonly<Record<string, Scan | undefined>>): string {
  const names = Object.keys(scans)
  const tests = [...new Set(Object.values(scans).flatMap((scan) => Object.keys(scan?.tests ?? {})))].sort()
  const cell = (scan: Scan | undefined, test: string): string => {
    const found = scan?.tests[test]
    return found ? `${found.pass ? 'passed' : 'failed'}: ${found.result} (${found.scoreModifier})` : ''
  }
  const rows = [
    ['', ...names.map((name) => `\`${name}\``)],
    ['grade', ...names.map((name) => `**${scans[name]?.scan.grade}**`)],
    ['score', ...names.map((name) => String(scans[name]?.scan.score))],
    ...tests.map((test) => [test, ...names.map((name) => cell(scans[name], test))]),
  ]
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0))) ?? []
  const [head = '', ...others] = rows.map(
    (cells) => `| ${cells.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  )
  return `# What MDN's HTTP Observatory says

Written by \`test/browser/observatory.test.ts\` with MDN's scanner 1.4.8 (algorithm ${scans['strict']?.scan.algorithmVersion}),
run against the gateway on workerd, by http and by https, before an origin that sets no header at all, with
\`redirectToHttps: true\` and each preset as it stands. The test fails when what it finds is no longer what stands here;
\`WRITE_REPORT=1\` has it written anew.

${head}
| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |
${others.join('\n')}
`
}
