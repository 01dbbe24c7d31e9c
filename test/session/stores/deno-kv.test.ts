import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe } from 'vitest'
import { promisesOf, type SessionStore } from '../../../src/session/store.ts'
import { storeContract } from './contract.ts'

const folder = join(import.meta.dirname, '../../..')

describe('on real Deno', () => {
  let deno: ChildProcess
  let url = ''
  beforeAll(async () => {
    const script = join(folder, 'test/support/deno-kv.ts')
    const options = [
      'run',
      '--quiet',
      '--no-check',
      '--unstable-kv',
      '--allow-net=127.0.0.1',
      '--allow-read',
      '--allow-env',
      '--allow-write',
    ]
    deno = spawn(join(folder, 'node_modules/.bin/deno'), [...options, script], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
      // the npm package may put a launcher in front: the two are one group
      detached: true,
    })
    url = await new Promise((resolve, reject) => {
      let said = ''
      deno.stdout?.on('data', (chunk) => {
        said += chunk
        const [, port] = /port (\d+)\n/.exec(said) ?? []
        if (port) resolve(`http://127.0.0.1:${port}/`)
      })
      deno.once('error', reject)
      deno.once('exit', () => reject(new Error('deno ended')))
    })
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => deno.once('exit', resolve))
    if (deno.pid) process.kill(-deno.pid, 'SIGKILL')
    await ended
  })

  const call = async (method: string, ...values: unknown[]): Promise<never> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { connection: 'close' },
      body: JSON.stringify([method, values]),
    })
    const { result } = (await response.json()) as { result: never }
    return result
  }
  const store: SessionStore = {
    promises: promisesOf['deno-kv'],
    read: (keys) => call('read', keys),
    write: (...values) => call('write', ...values),
    swap: (...values) => call('swap', ...values),
    raise: (...values) => call('raise', ...values),
    delete: (key) => call('delete', key),
    list: (...values) => call('list', ...values),
  }
  storeContract('deno-kv', () => store)
})
