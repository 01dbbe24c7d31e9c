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
