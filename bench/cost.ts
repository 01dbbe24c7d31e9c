/** What a process and all that descend from it have cost: CPU time and memory, as /proc tells. Linux alone. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly cpuMilliseconds: number
}

/** Linux counts CPU time for userland in hundredths of a second (USER_HZ), on every machine. */
const tickMilliseconds = 10

/** User and system time so far, of the whole tree. */
export const cpuMilliseconds = (root: number): number =>
  treeOf(root).reduce((sum, stat) => sum + stat.cpuMilliseconds, 0)

/** The most memory at once since {@link resetPeak}, in MiB. */
export const peakMebibytes = (root: number): number =>
  treeOf(root).reduce((sum, { pid }) => sum + kibibytes(pid, 'VmHWM'), 0) / 1024

/** Memory now, in MiB. */
export const residentMebibytes = (root: number): number =>
  treeOf(root).reduce((sum, { pid }) => sum + kibibytes(pid, 'VmRSS'), 0) / 1024

/** Lets the peak begin anew; where that isn't allowed, it is the peak since the process began. */
export function resetPeak(root: number): void {
  for (const { pid } of treeOf(root)) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    } catch (error) {
      if (!isGone(error) && !(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
    }
  }
}

function treeOf(root: number): readonly Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statOf(pid) ?? [])
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

/** proc(5): the name stands in parentheses and may have any character in it. */
function statOf(pid: string): Stat | null {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return { pid: Number(pid), parent: Number(fields[1]), cpuMilliseconds: ticks * tickMilliseconds }
}

const kibibytes = (pid: number, name: 'VmHWM' | 'VmRSS'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0)

/** @returns null for a process that has ended meanwhile */
function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
