import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bagOf, type HeaderPair } from '../../src/head.ts'
import { edited, headersInit, headersOf, lazyBag, readBag } from '../../src/runtime/native-headers.ts'

const saying = (headers: Headers): readonly HeaderPair[] => [...headers]

it('an edited copy says what the list says, whatever stayed, went, came or was said anew', () => {
  const name = fc.constantFrom('a', 'b', 'set-cookie', 'x-remote-user', 'x_remote_user', 'vary')
  const pair = fc.tuple(name, fc.stringMatching(/^[a-z]{0,3}$/))
  const fate = fc.constantFrom('stays', 'goes', 'is said anew')
  fc.assert(
    fc.property(fc.array(fc.tuple(pair, fate), { maxLength: 12 }), fc.array(pair, { maxLength: 4 }), (had, more) => {
      const native = headersOf(had.map(([one]) => one))
      const pairs = saying(native)
      const wanted = pairs.flatMap((one, at): HeaderPair[] => {
        const becomes = had[at]?.[1]
        if (becomes === 'stays') return [one]
        return becomes === 'goes' ? [] : [[one[0], `${one[1]}, anew`]]
      })
      const list = [...wanted, ...more]
      expect(saying(edited({ native, pairs: () => pairs }, list))).toEqual(saying(headersOf(list)))
      expect(saying(native), 'what was copied is as it was').toEqual(pairs)
    }),
    { numRuns: 2000 },
  )
})

it('of two that say the same, one of which goes, one is left', () => {
  const native = headersOf([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'a=1'],
  ])
  const pairs = saying(native)
  expect(saying(edited({ native, pairs: () => pairs }, pairs.slice(1)))).toEqual([['set-cookie', 'a=1']])
})

it('a long list is edited as a short one is', () => {
  const native = headersOf(Array.from({ length: 300 }, (_, at) => [`x-${at}`, String(at)]))
  const pairs = saying(native)
  const wanted = [...pairs.filter((_, at) => at % 2 === 0), ['x-1', 'ours'] as const]
  expect(saying(edited({ native, pairs: () => pairs }, wanted))).toEqual(saying(headersOf(wanted)))
})

it('what headers are made of says the same, whatever the names, once or twice', () => {
  const name = fc.constantFrom('a', '__proto__', 'constructor', '123', 'set-cookie', 'vary', 'x-b')
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.stringMatching(/^[a-z]{0,3}$/)), { maxLength: 6 }), (pairs) => {
      expect(saying(new Headers(headersInit(pairs)))).toEqual(saying(new Headers(headersOf(pairs))))
    }),
    { numRuns: 2000 },
  )
})

it('headers that are read when they are wanted say the same as those read at once', () => {
  const name = fc.constantFrom('cookie', 'authorization', 'x-remote-user', 'x_remote_user', 'accept')
  const asked = fc.constantFrom('cookie', 'authorization', 'x-remote-user', 'x_remote_user', 'via', 'all')
  const pairs = fc.array(fc.tuple(name, fc.stringMatching(/^[a-z]{0,3}$/)), { maxLength: 8 })
  fc.assert(
    fc.property(pairs, fc.array(asked, { maxLength: 6 }), (sent, questions) => {
      const native = headersOf(sent)
      const atOnce = bagOf(saying(native))
      for (const bag of [lazyBag(native), readBag(native)])
        for (const question of questions)
          if (question === 'all') expect([...bag]).toEqual([...atOnce])
          else expect(bag.get(question)).toBe(atOnce.get(question))
    }),
  )
})
