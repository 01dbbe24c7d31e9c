/**
 * Measures the gateway beside its peers, by their own benchmark: `node bench/peers/peers.ts FOLDER [OPTION …]`. The folder
 * has its `run.mjs`, which gets the options; its README tells them, and how to set it up.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { bundle, denoCommand, nodeCommand, workerdCommand, workerdConfig } from '../../test/support/runtimes.ts'
import { serveKv } from '../../test/support/surroundings.ts'
import { close, serve } from '../origin.ts'
import { makeCredentials } from '../requests.ts'

const [peers, ...options] = process.argv.slice(2)
if (!peers) throw new Error('which folder has run.mjs? node bench/peers/peers.ts FOLDER [OPTION …]')

const entryOf = (name: string): string => join(import.meta.dirname, `${name}.ts`)
const data = join(process.env['PEERS_DIR'] || join(tmpdir(), 'sallyport-peers'), 'data')
const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
const { prepare } = await import(join(resolve(peers), 'prepare.mjs'))
prepare()

const { sessions } = await makeCredentials(1)
const records = sessions.map(({ key, record }) => [key.place, key.name, JSON.stringify(record)] as const)
const cookie = `Cookie: __Host-sallyport=${sessions[0]?.cookie}`
writeFileSync(join(data, 'sallyport.hdr'), cookie)
writeFileSync(join(data, 'sallyport-browser.hdr'), `${readFileSync(join(data, 'brw.hdr'), 'utf8')}\t${cookie}`)

const kv = serveKv(new Map(records.map(([place, name, text]) => [`${place}/${name}`, text])))
const kvPort = Number(new URL(await serve(kv)).port)
await bundle(entryOf('worker'), join(folder, 'worker.js'))
writeFileSync(
  join(folder, 'config.capnp'),
  workerdConfig({ environment: { SESSION_STORE: 'kv', LOG: 'off' }, kvPort }).replace('127.0.0.1:0', '127.0.0.1:9201'),
)

const common = {
  scen: ['pass', 'rs256', 'es256', 'sess', 'badsig', 'big', 'passB', 'rs256B', 'sessB', 'rs20k'],
  over: { sess: { hdr: 'sallyport' }, sessB: { hdr: 'sallyport-browser' } },
  caches: true,
}
const environment = { LOG: 'off', SESSION_STORE: 'memory', TEST_SESSIONS: JSON.stringify(records) }
const gateways = [
  { name: 'sallyport-workerd', cmd: withoutControl(workerdCommand(join(folder, 'config.capnp'))), port: 9201 },
  { name: 'sallyport-deno', cmd: denoCommand(entryOf('deno')), port: 9202, env: { ...environment, PORT: '9202' } },
  { name: 'sallyport-node', cmd: nodeCommand(entryOf('node')), port: 9203, env: { ...environment, PORT: '9203' } },
].map((gateway) => ({ ...common, ...gateway }))
writeFileSync(join(folder, 'gateways.json'), JSON.stringify(gateways))

try {
  const run = [join(resolve(peers), 'run.mjs'), '--gateways', join(folder, 'gateways.json'), ...options]
  const child = spawn(process.execPath, run, { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
} finally {
  await close(kv)
  rmSync(folder, { recursive: true })
}

/** The benchmark gives it no third file descriptor to tell its port on. */
function withoutControl(command: readonly string[]): readonly string[] {
  return command.filter((word) => !word.startsWith('--control-fd'))
}
