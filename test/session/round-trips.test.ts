import { expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { at, openKept } from '../support/kept.ts'

async function counting() {
  let reads = 0
  const memory = createMemoryStore(() => 1_800_000_000)
  const kept = openKept(
    {},
    {
      ...memory,
      read: (keys) => {
        reads++
        return memory.read(keys)
      },
    },
  )
  const { cookie } = (await (await kept.admin('POST', '/sessions', { subject: 'ada' })).json()) as { cookie: string }
  reads = 0
  const ask = async () => (await kept.ask(`GET ${at}/`, { cookie })).answer.status
  return { ...kept, ask, reads: () => reads }
}

it('a session that is unknown costs one round trip, marks and all; one that is known none', async () => {
  const { ask, reads, pass } = await counting()
  expect([await ask(), reads()]).toEqual([200, 1])
  pass(4.9)
  expect([await ask(), reads()]).toEqual([200, 1])
  pass(0.1)
  expect([await ask(), reads()]).toEqual([200, 2])
})

it('requests at the same time share it', async () => {
  const { ask, reads } = await counting()
  expect(new Set(await Promise.all(Array.from({ length: 100 }, ask)))).toEqual(new Set([200]))
  expect(reads()).toBe(1)
})
