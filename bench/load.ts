/** Sends bounded load over loopback: by wrk where the machine has it, else by a process of our own. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { findProgram } from '../test/support/programs.ts'

export interface Load {
  readonly port: number
  /** A file of raw requests, sent in turn; a NUL parts them. */
  readonly file: string
  /** How many of them were sent before, so that the turn goes on. */
  readonly from: number
  readonly seconds: number
  readonly connections: number
}

export interface Loaded {
  readonly requests: number
  /** Answers with a status of 400 or more. */
  readonly refused: number
  /** Requests that got no whole answer. */
  readonly broken: number
  readonly microseconds: number
  /** Microseconds from request to answer: half of them took no longer. */
  readonly p50: number
  readonly p99: number
}

export interface Loader {
  readonly name: string
  send(load: Load): Promise<Loaded>
}

/** The core that load, origin, stores and this process share; what is measured has the other. */
export const loadCpu = '1'

export function findLoader(): Loader {
  const wrk = findProgram('wrk')
  const command = wrk
    ? (load: Load) => [
        ...[wrk, '-t1', `-c${load.connections}`, `-d${load.seconds}s`, '-s', join(import.meta.dirname, 'wrk.lua')],
        ...[`http://127.0.0.1:${load.port}/`, '--', load.file, String(load.from)],
      ]
    : (load: Load) => [process.execPath, join(import.meta.dirname, 'own-load.ts'), JSON.stringify(load)]
  return { name: wrk ? 'wrk' : 'our own load', send: (load) => run(command(load), load.seconds) }
}

/** @param command a program that ends in one line of figures */
export async function run([program = '', ...parameters]: readonly string[], seconds: number): Promise<Loaded> {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 20) * 1000)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
  })
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  clearTimeout(timer)
  const [, json] = /JSON(\{.*\})/.exec(output) ?? []
  if (!json) throw new Error(`${program} told no figures: ${output}`)
  return JSON.parse(json)
}
