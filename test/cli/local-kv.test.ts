import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLocalKv } from '../../src/cli/local-kv.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-kv-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('what one opening wrote, the next one reads', { timeout: 30_000 }, async () => {
  const place = { configPath: 'wrangler.toml', persistTo: join(folder, 'state') }
  const first = await openLocalKv(place)
  await first.store.write('session:a', 'text', 600)
  await first.close()
  const second = await openLocalKv(place)
  expect(await second.store.read('session:a')).toBe('text')
  expect(await second.store.read('session:b')).toBeNull()
  await second.close()
})

test('a wrangler.toml without the binding is told so', { timeout: 30_000 }, async () => {
  const configPath = join(folder, 'wrangler.toml')
  await writeFile(configPath, 'name = "x"\ncompatibility_date = "2026-11-01"\n')
  await expect(openLocalKv({ configPath, persistTo: folder })).rejects.toThrow(/binds no KV namespace as SESSIONS/)
})

test('two that write at once wait for each other', { timeout: 30_000 }, async () => {
  const place = { configPath: 'wrangler.toml', persistTo: join(folder, 'shared') }
  const both = await Promise.all([openLocalKv(place), openLocalKv(place)])
  const keys = Array.from({ length: 20 }, (_, at) => `session:${at}`)
  await Promise.all(both.flatMap(({ store }, who) => keys.map((key) => store.write(`${key}:${who}`, key, 600))))
  for (const [who, { store }] of both.entries()) {
    expect(await Promise.all(keys.map((key) => store.read(`${key}:${who}`)))).toEqual(keys)
  }
  await Promise.all(both.map((kv) => kv.close()))
})
