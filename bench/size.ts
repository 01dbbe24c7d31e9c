/** Weighs the Worker as wrangler would deploy it, by where its modules come from, and times its start. Run by `npm run size`. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { measureStartUp, type StartUp } from './startup.ts'

interface Weight {
  readonly gzipBytes: number
  readonly rawBytes: number
}

const root = join(import.meta.dirname, '..')
const budgets: { readonly gzipBytes: number; readonly startupToEmpty: number } = JSON.parse(
  readFileSync(join(root, 'bench/budgets.json'), 'utf8'),
)
/** What serves Node alone, or brings a megabyte of languages along: never part of a Worker. */
const unwanted = /node_modules\/(?:undici|@hono\/node-server|zod\/(?:v4\/)?locales)\//

const place = mkdtempSync(join(tmpdir(), 'sallyport-size-'))
try {
  build(place)
  const bundle = readFileSync(join(place, 'workers.js'), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
  const map = JSON.parse(readFileSync(join(place, 'workers.js.map'), 'utf8'))
  const whole = report(bundle, map)
  const startUp = await measureStartUp(join(place, 'workers.js'))
  checkStartUp(startUp)
  console.log(JSON.stringify({ ...whole, ...startUp }))
} finally {
  rmSync(place, { recursive: true })
}

function build(into: string): void {
  const quiet = { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', DO_NOT_TRACK: '1' }
  const wrangler = join(root, 'node_modules/.bin/wrangler')
  execFileSync(wrangler, ['deploy', '--dry-run', '--minify', '--outdir', into], {
    cwd: root,
    env: { ...process.env, ...quiet },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function report(bundle: string, map: ConstructorParameters<typeof SourceMap>[0]): Weight {
  const found = map.sources.filter((source) => unwanted.test(source))
  if (found.length > 0) {
    console.error(`never part of a Worker, yet in the bundle: ${found.join(', ')}`)
    process.exitCode = 1
  }
  const groups = [...textByGroup(bundle, new SourceMap(map))].map(([name, text]) => ({
    name,
    rawBytes: Buffer.byteLength(text),
    gzipBytes: gzipSync(text).length,
  }))
  // a group is compressed by itself here, so the column adds up to a little more than the whole
  for (const { name, rawBytes, gzipBytes } of groups.toSorted((a, b) => b.rawBytes - a.rawBytes)) {
    console.log('%s raw %s  gzip %s', name.padEnd(16), String(rawBytes).padStart(7), String(gzipBytes).padStart(6))
  }
  const whole = { gzipBytes: gzipSync(bundle).length, rawBytes: Buffer.byteLength(bundle) }
  if (whole.gzipBytes > budgets.gzipBytes) {
    console.error(
      `the Worker has ${whole.gzipBytes} bytes gzipped: at most ${budgets.gzipBytes}, as bench/budgets.json has it`,
    )
    process.exitCode = 1
  }
  return whole
}

/** Another program at work on the same machine makes both slow, and their ratio hardly any worse. */
function checkStartUp({ startupMs, emptyStartupMs }: StartUp): void {
  const ratio = startupMs / emptyStartupMs
  console.log('start to first answer: %s ms, an empty Worker %s ms', startupMs, emptyStartupMs)
  if (ratio <= budgets.startupToEmpty) return
  console.error(
    `the Worker takes ${ratio.toFixed(2)} times as long to start as an empty one: at most ${budgets.startupToEmpty}`,
  )
  process.exitCode = 1
}

/** The text of the bundle that each group of modules has brought. */
function textByGroup(bundle: string, map: SourceMap): Map<string, string> {
  const groups = new Map<string, string>()
  for (const [line, text] of bundle.split('\n').entries()) {
    for (let column = 0; column < text.length; column++) {
      const entry = map.findEntry(line, column)
      const group = groupOf('originalSource' in entry ? entry.originalSource : '')
      groups.set(group, (groups.get(group) ?? '') + text[column])
    }
  }
  return groups
}

function groupOf(source: string): string {
  const [, dependency] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? []
  if (dependency) return dependency
  return /(?:^|\/)(src|routes)\//.exec(source)?.[1] ?? 'wrangler'
}
