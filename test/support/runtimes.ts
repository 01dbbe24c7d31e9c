/** Starts and stops the gateway as it is run: real workerd, Deno and Node, each a process with a port. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export type RuntimeName = 'workerd' | 'deno' | 'node'
export const runtimeNames: readonly RuntimeName[] = ['workerd', 'deno', 'node']

export interface RunningRuntime {
  readonly name: RuntimeName
  readonly port: number
  /** Where it speaks http when it was given `tls`; else 0. */
  readonly plainPort: number
  readonly pid: number
  /** What it wrote so far: log lines, warnings, crashes. */
  output(): string
  stop(): Promise<void>
}

export interface RuntimeOptions {
  readonly environment: Readonly<Record<string, string>>
  /** Entry files, relative to `test/support/`. Default: the gateway with the routes of the conformance suite. */
  readonly entry?: Readonly<Record<RuntimeName, string>>
  /** Where workerd's KV namespace is served; without it there is none. */
  readonly kvPort?: number
  /** Of workerd alone: bindings that can be fetched from, by name, and the ports that they lead to. */
  readonly services?: Readonly<Record<string, number>>
  /** Of workerd alone: where whatever is fetched by URL goes, as all that isn't a binding does in a zone of its own. */
  readonly outboundPort?: number
  /** Of workerd alone: it speaks https with this key and certificate (PEM), and http at `plainPort`. */
  readonly tls?: { readonly key: string; readonly certificate: string }
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules/.bin', name)
const gatewayEntry = { workerd: 'entry/worker.ts', deno: 'entry/deno.ts', node: 'entry/node.ts' }

/** Resolves once it listens. Throws with what it wrote when it doesn't within 150 seconds. */
export async function startRuntime(name: RuntimeName, options: RuntimeOptions): Promise<RunningRuntime> {
  const entry = join(root, 'test/support', (options.entry ?? gatewayEntry)[name])
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-'))
  const [command, ...parameters] = await commandOf(name, entry, directory, options)
  const child = spawn(command, parameters, {
    cwd: root,
    // a program of ours gets what it is given: not the environment of whoever runs the tests
    env: { PATH: process.env['PATH'], HOME: directory, PORT: '0', DENO_NO_UPDATE_CHECK: '1', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr, child.stdio[3]]) {
    if (stream && 'on' in stream) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  }
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(directory, { recursive: true, force: true })
  }
  const listening = (pattern: RegExp): Promise<number> =>
    portIn(pattern, child, () => output).catch(async (error: unknown) => {
      await stop()
      throw error
    })
  const port = await listening(/(?:"socket":"http","port":|listening on http:\/\/\S*:)(\d+)\s*[}\n]/)
  const plainPort = options.tls ? await listening(/"socket":"plain","port":(\d+)\s*}/) : 0
  return { name, port, plainPort, pid: child.pid ?? 0, output: () => output, stop }
}

/** Deno's package puts the program in its place the first time it is asked for, which no install script has done here. */
function denoProgram(): string {
  const program = join(root, 'node_modules/deno/deno')
  if (!existsSync(program)) execFileSync(bin('deno'), ['--version'], { stdio: 'ignore' })
  return program
}

async function commandOf(
  name: RuntimeName,
  entry: string,
  directory: string,
  options: RuntimeOptions,
): Promise<[string, ...string[]]> {
  if (name === 'node') return nodeCommand(entry)
  if (name === 'deno') return denoCommand(entry)
  await bundle(entry, join(directory, 'worker.js'))
  await writeFile(join(directory, 'config.capnp'), workerdConfig(options))
  return workerdCommand(join(directory, 'config.capnp'))
}

export const nodeCommand = (entry: string): [string, ...string[]] => [bin('node'), entry]

export const denoCommand = (entry: string): [string, ...string[]] => [
  ...([denoProgram(), 'run', '-A', '--no-check', '--no-lock', '--unstable-no-legacy-abort'] as const),
  entry,
]

/** Tells on file descriptor 3 which port it listens on. */
export const workerdCommand = (config: string): [string, ...string[]] => [
  join(root, 'node_modules/workerd/bin/workerd'),
  'serve',
  '--control-fd=3',
  '--experimental',
  config,
]

/** The Worker as wrangler would bundle it. */
export const bundle = (entry: string, outfile: string): Promise<unknown> =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser', 'import'],
    mainFields: ['browser', 'module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'error',
  })

/** For a `worker.js` that stands beside it. */
export function workerdConfig({ environment, kvPort, services = {}, outboundPort, tls }: RuntimeOptions): string {
  const bindings = Object.entries(environment).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  )
  if (kvPort) bindings.push('(name = "SESSIONS", kvNamespace = "kv")')
  for (const name of Object.keys(services)) bindings.push(`(name = "${name}", service = "${name}")`)
  const elsewhere = Object.entries({ ...services, ...(outboundPort && { outbound: outboundPort }) })
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    ${kvPort ? `(name = "kv", external = (address = "127.0.0.1:${kvPort}", http = ())),` : ''}
    ${elsewhere.map(([name, port]) => `(name = "${name}", external = (address = "127.0.0.1:${port}", http = ())),`).join('\n    ')}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", ${tls ? httpsOf(tls) : 'http = ()'}, service = "main")${tls ? plainSocket : ''}],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(', ')}],
  ${outboundPort ? 'globalOutbound = "outbound",' : ''}
);
`
}

const plainSocket = ', (name = "plain", address = "127.0.0.1:0", http = (), service = "main")'

const httpsOf = ({ key, certificate }: { readonly key: string; readonly certificate: string }): string =>
  `https = (tlsOptions = (keypair = (privateKey = ${JSON.stringify(key)}, certificateChain = ${JSON.stringify(certificate)})))`

async function portIn(pattern: RegExp, child: ChildProcess, output: () => string): Promise<number> {
  const endsAt = Date.now() + 150_000
  for (;;) {
    const [, port] = pattern.exec(output()) ?? []
    if (port) return Number(port)
    if (child.exitCode !== null || Date.now() > endsAt) throw new Error(`it doesn't listen: ${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
  await ended
  clearTimeout(timer)
}
