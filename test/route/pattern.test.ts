import { describe, expect, it } from 'vitest'
import { strictPaths } from '../../src/route/path.ts'
import { covers, matches, type Pattern, readPattern } from '../../src/route/pattern.ts'

const pattern = (text: string): Pattern => {
  const read = readPattern(text)
  if (!read.ok) throw new Error(read.error)
  return read.value
}

describe('a pattern is read', () => {
  const rows: readonly [text: string, segments: readonly (string | null)[], rest: boolean][] = [
    ['/', [], false],
    ['/*', [], true],
    ['/a', ['a'], false],
    ['/a/:id/b', ['a', null, 'b'], false],
    ['/a/*', ['a'], true],
    ['/caf%C3%A9', ['café'], false],
    ['/a%20b/*', ['a b'], true],
    ['/.well-known/x', ['.well-known', 'x'], false],
    ['/c++', ['c++'], false],
    ['/$metadata', ['$metadata'], false],
    ['/item%281%29', ['item(1)'], false],
  ]
  it.each(rows)('%s', (text, segments, rest) => {
    expect(readPattern(text)).toEqual({ ok: true, value: { segments, rest } })
  })
})

describe('a pattern that says nothing, or what no request can meet, is refused with the fix', () => {
  const rows: readonly [text: string, fix: string][] = [
    ['', 'start it with a slash'],
    ['a', 'start it with a slash: "/a"'],
    ['/a/', 'leave the last slash out: "/a"'],
    ['//', 'leave the last slash out'],
    ['//*', 'leave one slash out'],
    ['/a//b', 'leave the empty segment out'],
    ['/*/a', 'only as the last segment'],
    ['/a*', 'only as the last segment'],
    ['/**', 'only as the last segment'],
    ['/:', 'write a colon and a word'],
    ['/:1', 'write a colon and a word'],
    ['/:a-b', 'write a colon and a word'],
    ['/a?b=c', 'leave the query out'],
    ['/colou?r', '"?" makes nothing optional'],
    ['/(a|b)', 'looks like a regular expression or a glob'],
    ['/item(1)', 'what is meant to the letter is percent-encoded'],
    ['/a|b', ':name'],
    ['/[ab]/x', 'a rule for each literal'],
    ['/users/[^/]+', 'a regular expression'],
    ['/{a,b}', 'a glob'],
    ['/^a', 'a regular expression'],
    ['/admin$', 'a regular expression'],
    ['/.+', 'a regular expression'],
    ['/a/**/b', 'only as the last segment'],
    ['/a#b', 'never be requested (fragment)'],
    ['/a/../b', 'never be requested (dot segment)'],
    ['/%61', 'never be requested (needless encoding); write it as a browser sends it: "a"'],
    ['/%2e%2e', 'leave it out'],
    ['/a%2Fb', 'never be requested (encoded slash)'],
    ['/café', 'write it as a browser sends it: "caf%C3%A9"'],
    ['/a;b', 'never be requested (path parameter)'],
    ['/a.', 'in more than one way'],
    ['/cafe%CC%81', 'in more than one way'],
  ]
  it.each(rows)('%j: %s', (text, fix) => {
    const read = readPattern(text)
    expect(read.ok ? 'read' : read.error).toContain(fix)
  })
})

describe('matching a single pattern', () => {
  const rows: readonly [text: string, segments: readonly string[], isMatch: boolean][] = [
    ['/', [], true],
    ['/', ['a'], false],
    ['/*', [], true],
    ['/*', ['a', 'b'], true],
    ['/a/*', ['a'], true],
    ['/a/*', ['b'], false],
    ['/a/*', ['A'], false],
    ['/:id', [''], false],
    ['/:id', ['x'], true],
    ['/:id/*', ['', 'x'], false],
    ['/a', ['a', ''], false],
  ]
  it.each(rows)('%s and %j: %s', (text, segments, isMatch) => {
    expect(matches(pattern(text), segments, strictPaths)).toBe(isMatch)
  })

  it('folds a literal where the origin does', () => {
    expect(matches(pattern('/Admin'), ['admin'], { ...strictPaths, caseInsensitive: true })).toBe(true)
  })
})

describe('one pattern covers another', () => {
  const rows: readonly [outer: string, inner: string, isCovered: boolean][] = [
    ['/*', '/a/b', true],
    ['/*', '/', true],
    ['/a/*', '/a', true],
    ['/a/*', '/a/*', true],
    ['/a/*', '/a/b/*', true],
    ['/a/b/*', '/a/*', false],
    ['/a', '/a/*', false],
    ['/:x', '/a', true],
    ['/a', '/:x', false],
    ['/:x/*', '/', false],
    ['/a', '/A', false],
  ]
  it.each(rows)('%s over %s: %s', (outer, inner, isCovered) => {
    expect(covers(pattern(outer), pattern(inner), strictPaths)).toBe(isCovered)
  })
})
