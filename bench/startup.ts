/** How long workerd takes from its start to the first answer of a Worker. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { workerdCommand, workerdConfig } from '../test/support/runtimes.ts'
import { median } from './figures.ts'

const rounds = 15
/** What `routes/` and wrangler.toml ask for; the namespace is never asked for the request that is sent. */
const environment = {
  SESSION_STORE: 'kv',
  CORP_ISSUER: 'https://issuer.example.com',
  APP_URL: 'https://app-legacy.example.net',
  CORP_SECRET: 'A'.repeat(43),
  SEALING_KEY: 'A'.repeat(43),
  VOUCH_SECRET: 'A'.repeat(43),
}
/** A Worker that does nothing but answer. */
const emptyWorker = 'export default { fetch: () => new Response(null, { status: 401 }) }\n'

export interface StartUp {
  /** Medians, in milliseconds. */
  readonly startupMs: number
  readonly emptyStartupMs: number
}

/** @param bundle the Worker as it is deployed: a file of one module */
export async function measureStartUp(bundle: string): Promise<StartUp> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-start-'))
  try {
    const ours = place(join(folder, 'ours'), (file) => cpSync(bundle, file))
    const empty = place(join(folder, 'empty'), (file) => writeFileSync(file, emptyWorker))
    const times = { ours: [] as number[], empty: [] as number[] }
    // the first of each reads the program from the disk
    for (let round = -1; round < rounds; round++) {
      const took = { empty: await start(empty), ours: await start(ours) }
      if (round < 0) continue
      times.empty.push(took.empty)
      times.ours.push(took.ours)
    }
    return { startupMs: round1(median(times.ours)), emptyStartupMs: round1(median(times.empty)) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @returns the configuration of a Worker that stands beside it */
function place(folder: string, write: (file: string) => void): string {
  mkdirSync(folder)
  write(join(folder, 'worker.js'))
  const config = join(folder, 'config.capnp')
  writeFileSync(config, workerdConfig({ environment, kvPort: 1 }))
  return config
}

/** @returns milliseconds until the whole of the first answer was there */
async function start(config: string): Promise<number> {
  const [program, ...parameters] = workerdCommand(config)
  const began = performance.now()
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const exit = once(child, 'exit')
  try {
    const status = await statusOf(await portOf(child))
    if (status !== 401) throw new Error(`the Worker of ${config} answers ${status}, not 401`)
    return performance.now() - began
  } finally {
    child.kill('SIGKILL')
    await exit
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let told = ''
    const stream = child.stdio[3]
    if (!(stream instanceof Readable)) return reject(new Error('no descriptor 3'))
    stream.on('data', (chunk: Buffer) => {
      told += chunk
      const [, port] = /"socket":"http","port":(\d+)/.exec(told) ?? []
      if (port) resolve(Number(port))
    })
    child.once('exit', () => reject(new Error(`workerd ended at once: ${told}`)))
  })
}

/** A page that is guarded, asked for by nobody: the whole gateway has been put together to say 401. */
const statusOf = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent: false, headers: { host: 'app.example.com' } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject).end()
  })

const round1 = (value: number): number => Math.round(value * 10) / 10
