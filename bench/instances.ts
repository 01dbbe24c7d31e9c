/** Two instances of the gateway for each store, apart from one another, in one workerd. */

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { bundle, workerdCommand } from '../test/support/runtimes.ts'

export interface Instance {
  /** Of its service and its socket. */
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  /** Where its KV namespace is served. */
  readonly kvPort?: number
}

export interface Instances {
  readonly portOf: (name: string) => number
  stop(): Promise<void>
}

/** @param entry of the Worker, which exports the class of the Durable Objects: all instances share these */
export async function startInstances(entry: string, instances: readonly Instance[]): Promise<Instances> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-revoke-'))
  await bundle(entry, join(directory, 'worker.js'))
  await writeFile(join(directory, 'config.capnp'), configOf(directory, instances))
  const [command, ...parameters] = workerdCommand(join(directory, 'config.capnp'))
  const child = spawn(command, parameters, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const ports = new Map<string, number>()
  const ended = new Promise((resolve) => child.once('exit', resolve))
  // whoever throws before it stops them leaves nothing behind
  process.once('exit', () => child.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    let output = ''
    const listen = child.stdio[3]
    if (listen && 'on' in listen)
      listen.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        for (const [, name = '', port] of output.matchAll(/"socket":"([\w-]+)","port":(\d+)/g))
          ports.set(name, Number(port))
        if (ports.size === instances.length) resolve()
      })
    void ended.then(() => reject(new Error('workerd ended')))
  })
  return {
    portOf: (name) => ports.get(name) ?? 0,
    async stop() {
      child.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const configOf = (
  directory: string,
  instances: readonly Instance[],
): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "objects", worker = .objects),
    (name = "disk", disk = (path = "${directory}", writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
    ${instances.map(servicesOf).join('\n    ')}
  ],
  sockets = [${instances.map(({ name }) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`).join(', ')}],
);
const objects :Workerd.Worker = (
  ${common}
  durableObjectNamespaces = [(className = "SessionObject", uniqueKey = "sessions", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
);
`

const common = `modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],`

function servicesOf({ name, environment, kvPort }: Instance): string {
  const bindings = Object.entries(environment).map(
    ([key, value]) => `(name = ${JSON.stringify(key)}, text = ${JSON.stringify(value)})`,
  )
  bindings.push(
    '(name = "SESSION_OBJECTS", durableObjectNamespace = (className = "SessionObject", serviceName = "objects"))',
  )
  const kv = kvPort ? `(name = "${name}-kv", external = (address = "127.0.0.1:${kvPort}", http = ())),` : ''
  if (kvPort) bindings.push(`(name = "SESSIONS", kvNamespace = "${name}-kv")`)
  return `${kv}(name = "${name}", worker = (${common} bindings = [${bindings.join(', ')}])),`
}
