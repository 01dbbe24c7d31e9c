/** Looks after the processes that a test starts: who descends from whom, who still lives, who listens. */

import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** Without those that have ended and wait only to be noticed. */
async function processes(): Promise<readonly Process[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,stat=,comm='])
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, , state]) => pid && !state?.startsWith('Z'))
    .map(([pid, parent, , ...command]) => ({ pid: Number(pid), parent: Number(parent), command: command.join(' ') }))
}

/** The process and all that it started, in whatever group. */
export async function familyOf(pid: number): Promise<readonly Process[]> {
  const all = await processes()
  const family = all.filter((process) => process.pid === pid)
  for (const { pid: parent } of family) family.push(...all.filter((process) => process.parent === parent))
  return family
}

/** Those of a family that live on. A number that was given to another program since doesn't count. */
export async function survivorsOf(family: readonly Process[]): Promise<readonly Process[]> {
  const all = await processes()
  return family.filter(({ pid, command }) => all.some((now) => now.pid === pid && now.command === command))
}

/** Whether there is a process whose command line has this in it. */
export async function isRunning(words: string): Promise<boolean> {
  const { stdout } = await run('ps', ['-eo', 'args='])
  return stdout.includes(words)
}

/** Whether somebody listens at 127.0.0.1. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
