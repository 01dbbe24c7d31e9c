import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cookiePairs } from '../src/cookie-pairs.ts'

it('pairs come without the spaces and tabs around them, and without nothing else', () => {
  expect(cookiePairs(' a=b ;\t c=d e\t;\u00a0f=g;\vh=i; ')).toEqual(['a=b', 'c=d e', '\u00a0f=g', '\vh=i', ''])
  fc.assert(
    fc.property(fc.stringMatching(/^[ \t\u00a0a=;]*$/), (header) => {
      const trimmed = header.split(';').map((part) => part.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''))
      expect(cookiePairs(header)).toEqual(trimmed)
    }),
  )
})

// by the square of its length it would take hours
it('a run of two million blanks costs no more than its length', () => {
  const blanks = ' \t'.repeat(1_000_000)
  expect(cookiePairs(`a${blanks}b;${blanks};c`)).toEqual([`a${blanks}b`, '', 'c'])
})
