/** The service units and container files: what they name exists, and what they start answers. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseEnv } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { anyPort } from '../../examples/demo/ports.ts'

const binaries: Readonly<Record<string, string>> = {
  '/usr/bin/node': 'node_modules/.bin/node',
  '/usr/local/bin/deno': 'node_modules/.bin/deno',
  node: 'node_modules/.bin/node',
  // the image of Deno has it as its entry point
  run: 'node_modules/.bin/deno',
}

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) end(child, 'SIGKILL')
})

/** It and what it started: the launcher of Deno passes no signal on. */
function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // it has ended by itself
  }
}

/** Starts it as written, with this machine's binaries and this checkout for /opt/sallyport, and asks it three things. */
async function tryOut(words: readonly string[], settings: NodeJS.Dict<string>): Promise<void> {
  const port = await anyPort()
  const [program = '', ...rest] = words.map((word) => word.replace('/opt/sallyport', process.cwd()))
  const args = program === 'run' ? [program, ...rest] : rest
  const child = spawn(binaries[program] ?? program, args, {
    env: { HOME: tmpdir(), NO_COLOR: '1', ...settings, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
    // a group of its own
    detached: true,
  })
  children.push(child)
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  await expect.poll(() => said, { timeout: 150_000 }).toContain('sallyport: listening on')
  const at = `http://127.0.0.1:${port}`
  expect((await fetch(`${at}/.sallyport/health`)).status).toBe(200)
  expect((await fetch(`${at}/`, { redirect: 'manual' })).status).toBe(401)
  // the upstream of the example isn't there: what is public is forwarded, and nobody answers
  expect((await fetch(`${at}/assets/x.css`)).status).toBe(502)
  const exit = once(child, 'exit')
  end(child, 'SIGTERM')
  await exit
}

const settingsOf = (runtime: string): NodeJS.Dict<string> => ({
  ...parseEnv(readFileSync(`examples/${runtime}/sallyport.env`, 'utf8')),
  // each as `sallyport secret` makes it
  ...Object.fromEntries(['CORP_SECRET', 'SEALING_KEY', 'VOUCH_SECRET'].map((name) => [name, 'A'.repeat(43)])),
  // a port where nobody listens
  APP_URL: 'http://127.0.0.1:9',
})

describe.each(['node', 'deno'])('examples/%s', (runtime) => {
  const unit = readFileSync(`examples/${runtime}/sallyport.service`, 'utf8')
  const container = readFileSync(`examples/${runtime}/Containerfile`, 'utf8')
  const lines = (word: string): readonly string[] =>
    [...container.matchAll(new RegExp(`^${word} (.*)$`, 'gm'))].map(([, rest]) => rest ?? '')

  test('what the service unit starts guards the door', async () => {
    await tryOut((/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '').split(' '), settingsOf(runtime))
  })

  test('what the container starts guards the door', async () => {
    const [command = '[]'] = lines('CMD')
    await tryOut(JSON.parse(command), settingsOf(runtime))
  })

  test('the container copies what there is', () => {
    const copied = lines('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1))
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'src', 'routes']))
    expect(copied.filter((path) => !existsSync(path))).toEqual([])
  })

  test.skipIf(spawnSync('systemd-analyze', ['--version']).error)('systemd understands the unit', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-unit-'))
    const path = join(folder, 'sallyport.service')
    // its programs are for another machine
    writeFileSync(path, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/sh').replace('/opt/sallyport', '/'))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(stderr.split('\n').filter((line) => line.includes('sallyport.service'))).toEqual([])
    expect(status).toBe(0)
  })
})

test('each runtime is one adapter and entry of at most 60 lines', () => {
  const adapters = ['workers', 'deno', 'node'].map((name) => `src/runtime/${name}.ts`)
  expect(globSync('src/runtime/*.ts')).toEqual(expect.arrayContaining(adapters))
  const lengths = adapters.map((path) => [path, readFileSync(path, 'utf8').trimEnd().split('\n').length] as const)
  expect(lengths.filter(([, length]) => length > 60)).toEqual([])
})
