import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityHeaders } from '../../src/forward/identity.ts'
import { principal } from '../support/principal.ts'

const config = (selector: string, encoding: 'percent' | 'base64url' = 'percent') => ({
  headers: [['x-who', selector.split('.')]] as const,
  encoding,
  assertion: false,
})

const headerFor = (claim: unknown, encoding: 'percent' | 'base64url' = 'percent'): string | undefined =>
  identityHeaders(principal({ claims: { claim } }), config('claims.claim', encoding))[0]?.[1]

describe('a claim as a header', () => {
  const rows: readonly [claim: unknown, value: string | undefined][] = [
    ['ann', 'ann'],
    ['ann b', 'ann b'],
    [' ann ', '%20ann%20'],
    ['100%', '100%25'],
    ['%41', '%2541'],
    ['Jörg', 'J%C3%B6rg'],
    ['a\r\nX-Admin: 1', 'a%0D%0AX-Admin: 1'],
    ['a\0b', 'a%00b'],
    ['a,b', 'a,b'],
    [['a', 'b'], 'a,b'],
    [['a,b'], 'a%2Cb'],
    [['user,admin', ' x'], 'user%2Cadmin,%20x'],
    [7, '7'],
    [false, 'false'],
    [{ a: 'ö' }, '{"a":"%C3%B6"}'],
    ['', undefined],
    [[], undefined],
    [null, undefined],
    [undefined, undefined],
    ['\ud800', undefined],
    [['a', '\udfff'], undefined],
  ]
  it.each(rows)('%j: %s', (claim, value) => {
    expect(headerFor(claim)).toBe(value)
  })

  it('finds nothing on a prototype', () => {
    for (const selector of ['claims.__proto__', 'claims.constructor.name', 'claims.toString'])
      expect(identityHeaders(principal(), config(selector))).toEqual([])
  })
})

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', ',', '%', ' ', '2', 'C', '\n', 'é') }),
)

describe.each(['percent', 'base64url'] as const)('for any two people, in %s', (encoding) => {
  const who = (subject: string) => identityHeaders(principal({ subject }), config('subject', encoding))
  const roles = (list: readonly string[]) => identityHeaders(principal({ roles: list }), config('roles', encoding))

  it('another subject is another value, in printable ASCII', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [mine, theirs] = [who(a)[0]?.[1], who(b)[0]?.[1]]
        expect(mine ?? '').toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/)
        if (a !== b && mine !== undefined) expect(mine).not.toBe(theirs)
      }),
      { numRuns: 2000 },
    )
  })

  it('other roles are another value: no comma of a role makes two of it', () => {
    const list = fc.array(
      text.filter((item) => item !== ''),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(list, list, (a, b) => {
        const [mine, theirs] = [roles(a)[0]?.[1], roles(b)[0]?.[1]]
        if (JSON.stringify(a) !== JSON.stringify(b) && mine !== undefined) expect(mine).not.toBe(theirs)
        if (encoding === 'percent' && mine !== undefined) expect(mine.split(',').map(decodeURIComponent)).toEqual(a)
      }),
      { numRuns: 2000 },
    )
  })
})
