import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clearCookie,
  cookieNameOf,
  cutSessionCookie,
  makeCookieValue,
  readSessionCookie,
  setCookie,
  setsSessionCookie,
} from '../../src/session/cookie.ts'

const cookieName = cookieNameOf(null)
const value = `v1..${'A'.repeat(43)}`
const shared = `__Secure-sallyport=${value}`
const ours = `${cookieName}=${value}`

describe('reading the cookie', () => {
  it.each<[string, string, string]>([
    ['alone', ours, 'value'],
    ['among others', `a=b; ${ours}; c=d`, 'value'],
    ['without a space between', `a=b;${ours};c=d`, 'value'],
    ['behind tabs', `a=b;\t ${ours}\t`, 'value'],
    ['with a place', `${cookieName}=v1.eu_1-x.${'A'.repeat(43)}`, 'value'],
    ['absent', 'a=b; c=d', 'none'],
    ['in no header at all', '', 'none'],
    ['in another case', `__host-sallyport=${value}`, 'none'],
    ['twice', `${ours}; ${ours}`, 'ambiguous'],
    ['twice, different', `${ours}; ${cookieName}=v1..${'B'.repeat(43)}`, 'ambiguous'],
    ['twice, once empty', `${cookieName}=; ${ours}`, 'ambiguous'],
    ['in two headers that were joined by a comma, ours second', `a=b, ${ours}`, 'ambiguous'],
    ['in two headers that were joined by a comma, ours first', `${ours}, a=b`, 'malformed'],
    ['behind a no-break space', `a=b;\u00a0${ours}`, 'ambiguous'],
    ['behind a no-break space, first', `\u00a0${ours}`, 'ambiguous'],
    ['behind a vertical tab', `a=b;\v${ours}`, 'ambiguous'],
    ['behind a zero-width space', `a=b;\u200b${ours}`, 'ambiguous'],
    ['as the end of another name', `x${ours}`, 'ambiguous'],
    ['as the beginning of another name', `${cookieName}2=${value}`, 'ambiguous'],
    ['with a space before the equals sign', `${cookieName} =${value}`, 'ambiguous'],
    ['inside another value', `a=${ours}`, 'ambiguous'],
    ['in quotes', `${cookieName}="${value}"`, 'malformed'],
    ['with a space behind the equals sign', `${cookieName}= ${value}`, 'malformed'],
    ['empty', `${cookieName}=`, 'malformed'],
    ['without an equals sign', cookieName, 'ambiguous'],
    ['of 31 bytes', `${cookieName}=v1..${'A'.repeat(42)}`, 'malformed'],
    ['of 33 bytes', `${cookieName}=v1..${'A'.repeat(44)}`, 'malformed'],
    ['of version 2', `${cookieName}=v2..${'A'.repeat(43)}`, 'malformed'],
    ['with a place of 65', `${cookieName}=v1.${'p'.repeat(65)}.${'A'.repeat(43)}`, 'malformed'],
    ['with a path in its place', `${cookieName}=v1.../../x.${'A'.repeat(43)}`, 'malformed'],
    ['with a newline behind', `${ours}\n`, 'malformed'],
    ['percent-encoded', `${cookieName}=v1..${'%41'.repeat(43)}`, 'malformed'],
    ['with another character that is no base64url', `${cookieName}=v1..${'A'.repeat(42)}+`, 'malformed'],
  ])('%s', (_, header, kind) => {
    expect(readSessionCookie(header, null).kind).toBe(kind)
  })

  it('believes nothing but exactly one whole cookie of our form, whatever surrounds it', () => {
    const noise = fc.string({
      unit: fc.constantFrom('a', '=', ';', ' ', ',', '\u00a0', '"', ours, cookieName),
      maxLength: 12,
    })
    fc.assert(
      fc.property(noise, (header) => {
        const read = readSessionCookie(header, null)
        if (read.kind !== 'value') return
        expect(header.split(cookieName)).toHaveLength(2)
        expect(header.split(/[ \t]*;[ \t]*/).map((part) => part.replace(/^ +| +$/g, ''))).toContain(
          `${cookieName}=${read.value}`,
        )
        expect(read.value).toBe(value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('makes values that it reads, and never the same twice', () => {
    const made = Array.from({ length: 1_000 }, () => makeCookieValue('eu'))
    expect(new Set(made).size).toBe(1_000)
    for (const one of made)
      expect(readSessionCookie(`${cookieName}=${one}`, null)).toEqual({ kind: 'value', value: one })
  })
})

describe('the cookie that the hosts of a site share', () => {
  it.each<[string, string, string, string]>([
    ['alone', shared, 'none', 'value'],
    ["with the host's own", `${ours}; ${shared}`, 'value', 'value'],
    ["twice, beside the host's own", `${shared}; ${ours}; ${shared}`, 'value', 'ambiguous'],
    ["misshapen, beside the host's own", `__Secure-sallyport=x; ${ours}`, 'value', 'malformed'],
    ["beside a misshapen one of the host's own", `__Host-sallyport=x; ${shared}`, 'malformed', 'value'],
    ['absent', ours, 'value', 'none'],
    ['in another case', `__secure-sallyport=${value}`, 'none', 'none'],
  ])('%s: each origin reads the one that its file says, and never the other instead', (_, header, own, site) => {
    expect(readSessionCookie(header, null).kind).toBe(own)
    expect(readSessionCookie(header, 'example.com').kind).toBe(site)
  })

  it('is handed out and taken back for the domain, as the other is for the host', () => {
    const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'
    expect(setCookie(value, 'example.com')).toBe(`${shared}; Domain=example.com; ${attributes}`)
    expect(setCookie(value, 'example.com', 60)).toBe(`${shared}; Domain=example.com; ${attributes}; Max-Age=60`)
    expect(clearCookie('example.com')).toBe(`__Secure-sallyport=; Domain=example.com; ${attributes}; Max-Age=0`)
    expect(setCookie(value, null)).toBe(`${ours}; ${attributes}`)
    expect(clearCookie(null)).toBe(`__Host-sallyport=; ${attributes}; Max-Age=0`)
  })
})

describe('cutting the cookie', () => {
  it.each([
    ['alone', ours, null],
    ['among others', `a=b; ${ours}; c=d`, 'a=b; c=d'],
    ['in another case', `a=b; __HOST-sallyport=${value}`, 'a=b'],
    ['twice', `${ours}; a=b; ${ours}`, 'a=b'],
    ['behind a no-break space', `a=b;\u00a0${ours}`, 'a=b'],
    ['that a site shares', `a=b; __Secure-sallyport=${value}`, 'a=b'],
    ['of both names', `__secure-sallyport=x; ${ours}; a=b`, 'a=b'],
    ['that is not there', 'a=b;c=d', 'a=b;c=d'],
  ])('%s', (_, header, kept) => {
    expect(cutSessionCookie(header, null)).toBe(kept)
  })

  it.each([
    ['the one that may', `a=b; ${ours}; c=d`, `a=b; ${ours}; c=d`],
    ['but not the other', `${shared}; ${ours}`, ours],
    ['nor one of a sign-in', `__Host-sign-in-sallyport-abcdefgh=x; ${ours}`, ours],
    ['nor the other behind its comma', `${ours}, ${shared}; a=b`, 'a=b'],
    ['nor what only looks like it', `x${ours}; ${cookieName}2=x; \u00a0${ours}; a=b`, 'a=b'],
  ])('lets pass %s', (_, header, kept) => {
    expect(cutSessionCookie(header, cookieName)).toBe(kept)
  })

  it('leaves no trace of it, whatever surrounds it', () => {
    const noise = fc.string({
      unit: fc.constantFrom('a', '=', ';', ' ', ',', '\u00a0', ours, shared, cookieName.toUpperCase()),
      maxLength: 12,
    })
    fc.assert(
      fc.property(noise, (header) => !/__(?:host|secure)-sallyport/i.test(cutSessionCookie(header, null) ?? '')),
    )
  })

  it.each([
    [ours, true],
    [`__HOST-SALLYPORT=; Max-Age=0`, true],
    [`\u00a0${ours}`, true],
    ['other=__Host-sallyport', false],
    ['=__Host-sallyport=v1', true],
    [' =__host-Sallyport=v1; Path=/', true],
    ['__Host-sallyport', true],
    [`${shared}; Domain=example.com; Path=/`, true],
    ['__SECURE-sallyport=; Max-Age=0', true],
    ['=__Secure-sallyport=v1', true],
    ['other=__Secure-sallyport', false],
  ])('knows a Set-Cookie for it: %s', (header, isOurs) => {
    expect(setsSessionCookie(header)).toBe(isOurs)
  })
})
