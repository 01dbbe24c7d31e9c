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

test('what one opening wrote, the next one reads', async () => {
  const place = { configPath: 'wrangler.toml', persistTo: join(folder, 'state') }
  const first = await openLocalKv(place)
  await first.store.write({ place: '', name: 'session:a' }, 'text', 600)
  await first.close()
  const second = await openLocalKv(place)
  const keys = ['session:a', 'session:b'].map((name) => ({ place: '', name }))
  expect(await second.store.read(keys)).toEqual(['text', null])
  await second.close()
})

test('a wrangler.toml without the binding is told so', async () => {
  const configPath = join(folder, 'wrangler.toml')
  await writeFile(configPath, 'name = "x"\ncompatibility_date = "2026-11-01"\n')
  await expect(openLocalKv({ configPath, persistTo: folder })).rejects.toThrow(/binds no KV namespace as SESSIONS/)
})

test('two that write at once wait for each other', async () => {
  const place = { configPath: 'wrangler.toml', persistTo: join(folder, 'shared') }
  const both = await Promise.all([openLocalKv(place), openLocalKv(place)])
  const keys = Array.from({ length: 20 }, (_, at) => `session:${at}`)
  await Promise.all(
    both.flatMap(({ store }, who) => keys.map((name) => store.write({ place: `${who}`, name }, name, 600))),
  )
  for (const [who, { store }] of both.entries()) {
    expect(await store.read(keys.map((name) => ({ place: `${who}`, name })))).toEqual(keys)
  }
  await Promise.all(both.map((kv) => kv.close()))
})
