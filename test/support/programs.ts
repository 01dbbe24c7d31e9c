/** Finds the programs of the machine that some tests need; says so where one is missing. */

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** Where Debian keeps its servers, which isn't in everybody's PATH. */
const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']

/** The full path of a program, or null; a test that gets null skips, and what is printed here is why. */
export function findProgram(name: string): string | null {
  const found = places.map((place) => join(place, name)).find(isExecutable)
  if (!found) console.warn(`left out what needs ${name}: it isn't installed (.ci/run has the Debian packages)`)
  return found ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
