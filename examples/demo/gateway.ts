/** Runs the gateway as its developers do, under `wrangler dev`, and ends every process of it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Say } from './ports.ts'

export interface GatewayParts {
  /** The checkout: where node_modules is. */
  readonly folder: string
  /** Its wrangler.toml, from there. */
  readonly config?: string
  readonly port: number
  /** What stands in `[vars]` otherwise. */
  readonly vars: Readonly<Record<string, string>>
  /** Gets the gateway's own log, a JSON line per request. */
  readonly log: Say
}

export interface RunningGateway {
  readonly port: number
  /** Resolves when it answers; rejects with {@link PortTaken}, or with what wrangler said when it doesn't start. */
  readonly ready: Promise<void>
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** No process of it is left when this resolves. */
  stop(): Promise<void>
  /** What wrangler said, for a report of what went wrong. */
  said(): string
}

/** Somebody was quicker between the look for a free port and wrangler's taking it. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'
}

const startSeconds = 120
const stopSeconds = 5

export function runGateway({ folder, config = 'wrangler.toml', port, vars, log }: GatewayParts): RunningGateway {
  const wrangler = join(folder, 'node_modules/wrangler/bin/wrangler.js')
  const flags = ['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0']
  const given = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const child = spawn(
    process.execPath,
    [wrangler, 'dev', '--config', config, '--local', '--show-interactive-dev-session=false', ...flags, ...given],
    {
      cwd: folder,
      // a group of its own: Ctrl-C in the terminal reaches us alone, and we end the group
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        WRANGLER_SEND_METRICS: 'false',
        DO_NOT_TRACK: '1',
        NO_COLOR: '1',
      },
    },
  )
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('{"time":')) return log(line)
      lines.push(line)
      if (lines.length > 200) lines.shift()
    })
  }
  const said = (): string => lines.join('\n')
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      hasEnded = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  // should we die without a word, nothing of it stays
  const sweep = (): void => killGroup(child, 'SIGKILL')
  process.once('exit', sweep)

  return { port, ready: waitUntilReady(), ended, stop, said }

  async function waitUntilReady(): Promise<void> {
    const until = Date.now() + startSeconds * 1000
    while (!hasEnded && Date.now() < until) {
      // that something answers at this port isn't enough: it could be another's
      const status = said().includes(`Ready on http://127.0.0.1:${port}`) ? await askHealth(port) : null
      if (status === 200) return
      if (status !== null) throw new Error('the gateway is closed: its last line, and `npx sallyport check`, say why')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const wasTaken = said().includes(`Address already in use (127.0.0.1:${port})`)
    throw wasTaken ? new PortTaken(`port ${port} is taken`) : new Error(`the gateway did not start:\n${said()}`)
  }

  async function stop(): Promise<void> {
    if (!hasEnded) child.kill('SIGTERM')
    const patience = new Promise((resolve) => setTimeout(resolve, stopSeconds * 1000).unref())
    await Promise.race([ended, patience])
    sweep()
    process.off('exit', sweep)
    await ended
  }
}

/** @returns the status, or null where nobody answers yet */
async function askHealth(port: number): Promise<number | null> {
  try {
    const url = `http://127.0.0.1:${port}/.sallyport/health`
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status
  } catch {
    return null
  }
}

/** wrangler, the process that it starts, and workerd: all of one group. */
function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}
