#!/usr/bin/env node
/** Starts the CLI on a Node that reads TypeScript: this one, else the one in node_modules; else it says which is needed. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('./main.ts', import.meta.url)
const own = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))

if (process.features.typescript) {
  const { start } = await import(main.href)
  await start()
} else if (existsSync(own)) {
  const { status } = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else {
  console.error(
    `sallyport: this is Node ${process.versions.node}, which can't read TypeScript; use Node 22.18 or later, or run npm ci (it brings one)`,
  )
  process.exitCode = 2
}
