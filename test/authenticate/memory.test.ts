import { expect, it } from 'vitest'
import { createMemory } from '../../src/authenticate/memory.ts'

it('forgets what was asked about longest ago, and counts what was deleted', () => {
  const memory = createMemory<number>(3)
  for (const [at, key] of ['a', 'b', 'c'].entries()) memory.set(key, at)
  memory.get('a')
  memory.set('d', 3)
  expect(['a', 'b', 'c', 'd'].map(memory.get)).toEqual([0, undefined, 2, 3])
  memory.delete('c')
  memory.delete('c')
  memory.set('e', 4)
  expect(['a', 'c', 'd', 'e'].map(memory.get)).toEqual([0, undefined, 3, 4])
  memory.clear()
  for (const [at, key] of ['f', 'g', 'h', 'i'].entries()) memory.set(key, at)
  expect(['a', 'f', 'g', 'h', 'i'].map(memory.get)).toEqual([undefined, undefined, 1, 2, 3])
})

it('holds keys of so many characters, and what is replaced counts once', () => {
  const memory = createMemory<number>(100, 10)
  for (let at = 0; at < 5; at++) memory.set('aaaa', at)
  memory.set('bbbb', 1)
  expect([memory.get('aaaa'), memory.get('bbbb')]).toEqual([4, 1])
  memory.set('ccc', 2)
  expect(['aaaa', 'bbbb', 'ccc'].map(memory.get)).toEqual([undefined, 1, 2])
})

it('agrees with a plain list, whatever is done to it', () => {
  const memory = createMemory<number>(8)
  let list: [string, number][] = []
  let state = 7
  for (let step = 0; step < 5_000; step++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    const key = String(Math.floor(state / 65_536) % 16)
    const found = list.find(([other]) => other === key)
    const others = list.filter((entry) => entry !== found)
    if (state % 3 === 0) {
      expect(memory.get(key)).toBe(found?.[1])
      if (found) list = [...others, found]
    } else if (state % 3 === 1) {
      memory.set(key, step)
      list = [...others, [key, step] as [string, number]].slice(-8)
    } else {
      memory.delete(key)
      list = others
    }
  }
  expect(list.length).toBeGreaterThan(0)
})

it('counts what stands behind a key as it is told to, and no longer than it stands there', () => {
  const memory = createMemory<number>(100, 10)
  memory.set('a', 1, 8)
  memory.set('a', 2, 4)
  memory.set('b', 3, 4)
  expect(['a', 'b'].map(memory.get)).toEqual([2, 3])
  memory.set('c', 4, 4)
  expect(['a', 'b', 'c'].map(memory.get)).toEqual([undefined, 3, 4])
  memory.delete('b')
  memory.set('d', 5, 4)
  expect(['c', 'd'].map(memory.get)).toEqual([4, 5])
})
