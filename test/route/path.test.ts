import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxTargetBytes, type PathOptions, readTarget, strictPaths } from '../../src/route/path.ts'
import { readPattern } from '../../src/route/pattern.ts'
import { createTable, type Table } from '../../src/route/table.ts'
import { compiled, originOf } from '../support/routes.ts'

/** The fault, or `ok`. */
const outcome = (raw: string, options: Partial<PathOptions> = {}): string => {
  const read = readTarget(raw, { ...strictPaths, ...options })
  return read.ok ? 'ok' : read.error
}

describe('a path that two servers could read differently is refused', () => {
  const rows: readonly [raw: string, fault: string][] = [
    // every row of "Attack inputs that every path test tries"
    ['/public/..%2fadmin', 'encoded slash'],
    ['/public/..%5cadmin', 'encoded backslash'],
    ['/public/%2e%2e/admin', 'needless encoding'],
    ['/p/%2e%2e/admin/x', 'needless encoding'],
    ['/admin%00.png', 'encoded control character'],
    ['/a%zz', 'invalid percent-encoding'],
    ['//admin', 'empty segment'],
    ['/a//admin', 'empty segment'],
    ['/a/./admin', 'dot segment'],
    ['/a/;/../admin', 'path parameter'],
    ['/admin;jsessionid=1', 'path parameter'],
    ['/a\\..\\admin', 'backslash'],
    ['/\\admin', 'backslash'],
    ['/%61dmin', 'needless encoding'],
    ['/%2561dmin', 'double encoding'],
    ['/ädmin', 'raw character'],
    ['/admin#', 'fragment'],
    ['/public#/../admin', 'fragment'],
    // and their kin
    ['', 'not a path'],
    ['*', 'not a path'],
    ['admin', 'not a path'],
    ['http://app.example.com/admin', 'not a path'],
    ['app.example.com:443', 'not a path'],
    ['/..', 'dot segment'],
    ['/.', 'dot segment'],
    ['/a/..', 'dot segment'],
    ['/a/.../b', 'dot segment'],
    ['/a/..%20/b', 'dot segment'],
    ['/a/%20/b', 'dot segment'],
    ['/a/.%E2%80%8B./b', 'dot segment'],
    ['/a/%EF%BC%8E%EF%BC%8E/b', 'dot segment'],
    ['/a/%EF%BC%8E%EF%BC%8E%EF%BC%8Fb', 'dot segment'],
    ['/a%EF%BC%BC..%EF%BC%BCb', 'dot segment'],
    ['/a/..%3Bx/b', 'dot segment'],
    ['/a/..%3Fx/b', 'dot segment'],
    ['/a/..%23x', 'dot segment'],
    ['/a/..%C2%A0/b', 'dot segment'],
    ['/%c0%ae%c0%ae/admin', 'invalid percent-encoding'],
    ['/%e0%80%ae/admin', 'invalid percent-encoding'],
    ['/%ed%a0%80', 'invalid percent-encoding'],
    ['/caf%e9', 'invalid percent-encoding'],
    ['/%u002e%u002e/admin', 'invalid percent-encoding'],
    ['/%', 'invalid percent-encoding'],
    ['/%2', 'invalid percent-encoding'],
    ['/%25u002e%25u002e/admin', 'double encoding'],
    ['/%252e%252e/admin', 'double encoding'],
    ['/a%252fb', 'double encoding'],
    ['/%25%32%65', 'needless encoding'],
    ['/a%09b', 'encoded control character'],
    ['/a%0d%0aSet-Cookie:x', 'encoded control character'],
    ['/a%7f', 'encoded control character'],
    ['/a%C2%85', 'encoded control character'],
    ['/a\tb', 'control character'],
    ['/a\r\nb', 'control character'],
    ['/a\0b', 'control character'],
    ['/a b', 'raw character'],
    ['/a"b', 'raw character'],
    ['/a<b>', 'raw character'],
    ['/a`b', 'raw character'],
    ['/a{b}', 'raw character'],
    // fetch() would encode it, and so forward what wasn't matched
    ['/a^b', 'raw character'],
    ['/%41', 'needless encoding'],
    ['/%7Euser', 'needless encoding'],
    ['/a%2Db', 'needless encoding'],
    ['/a%5Fb', 'needless encoding'],
    ['/a%2Eb', 'needless encoding'],
    ['/a%2Fb', 'encoded slash'],
    [`/${'a'.repeat(maxTargetBytes)}`, 'too long'],
    [`/?${'a'.repeat(maxTargetBytes)}`, 'too long'],
    [`/${'a'.repeat(8192)}`, 'too long'],
    [`/${'a/'.repeat(300)}`, 'too long'],
    [`/${'%20a/'.repeat(300)}`, 'too long'],
  ]
  it.each(rows)('%j: %s', (raw, fault) => {
    expect(outcome(raw)).toBe(fault)
  })
})

describe('an honest path goes through as it was sent', () => {
  const rows: readonly [raw: string, segments: readonly string[]][] = [
    ['/', []],
    ['/?', []],
    ['/admin', ['admin']],
    ['/admin/', ['admin']],
    ['/Admin', ['Admin']],
    ['/a/b.c/d-e_f~g', ['a', 'b.c', 'd-e_f~g']],
    ['/.well-known/x', ['.well-known', 'x']],
    ['/..a/.b', ['..a', '.b']],
    ["/!$&'()*+,=:@|[]", ["!$&'()*+,=:@|[]"]],
    ['/caf%C3%A9', ['café']],
    ['/caf%c3%a9', ['café']],
    ['/100%25', ['100%']],
    ['/a%20b', ['a b']],
    ['/a%3Ab', ['a:b']],
    ['/a?b=/../admin', ['a']],
    ['/a?b=%00%2e%5c\\', ['a']],
    ['/a?b?c', ['a']],
    [`/${'a'.repeat(8000)}`, ['a'.repeat(8000)]],
  ]
  it.each(rows)('%s', (raw, segments) => {
    const read = readTarget(raw, strictPaths)
    expect(read.ok && [read.value.path + read.value.search, read.value.readings]).toEqual([raw, [segments]])
  })
})

describe('an opt-in opens what it names, and no more', () => {
  const rows: readonly [raw: string, option: keyof PathOptions, outcome: string][] = [
    ['/a%2Fb', 'encodedSlash', 'ok'],
    ['/a%2fb', 'encodedSlash', 'ok'],
    ['/a%2F..%2Fb', 'encodedSlash', 'dot segment'],
    ['/..%2Fb', 'encodedSlash', 'dot segment'],
    ['/a%252Fb', 'encodedSlash', 'double encoding'],
    ['/a%5Cb', 'encodedSlash', 'encoded backslash'],
    ['/a//b', 'encodedSlash', 'empty segment'],
    ['/a;b', 'encodedSlash', 'path parameter'],
    ['/a;v=1/b', 'pathParameters', 'ok'],
    ['/..;/b', 'pathParameters', 'dot segment'],
    ['/a/..;x=1/b', 'pathParameters', 'dot segment'],
    ['/a/;/../b', 'pathParameters', 'dot segment'],
    ['/.;/b', 'pathParameters', 'dot segment'],
    ['/a/..%3B/b', 'pathParameters', 'dot segment'],
    ['/a;x%2F..%2Fb', 'pathParameters', 'encoded slash'],
    ['/a//b', 'pathParameters', 'empty segment'],
    ['/a//b', 'emptySegments', 'ok'],
    ['//a', 'emptySegments', 'ok'],
    ['///', 'emptySegments', 'ok'],
    ['/a/..//b', 'emptySegments', 'dot segment'],
    ['/a;b//c', 'emptySegments', 'path parameter'],
    ['/ADMIN', 'caseInsensitive', 'ok'],
    ['/adm%C4%B1n', 'caseInsensitive', 'case'],
    ['/ADM%C4%B0N', 'caseInsensitive', 'case'],
    ['/%C5%BFecret', 'caseInsensitive', 'case'],
    ['/%E2%84%AAeys', 'caseInsensitive', 'case'],
    ['/admin::$DATA', 'caseInsensitive', 'windows name'],
    ['/admin:$i30:$INDEX_ALLOCATION/x', 'caseInsensitive', 'windows name'],
    ['/admin%3A%3A$DATA', 'caseInsensitive', 'windows name'],
    ['/admin%EF%BC%9A%EF%BC%9A$DATA', 'caseInsensitive', 'windows name'],
    ['/ADMINI~1/x', 'caseInsensitive', 'windows name'],
    ['/~user/x', 'caseInsensitive', 'ok'],
    ['/..%C2%A0/x', 'caseInsensitive', 'dot segment'],
    ['/%2e%2e/x', 'caseInsensitive', 'needless encoding'],
  ]
  it.each(rows)('%s with %s: %s', (raw, option, expected) => {
    expect(outcome(raw, { [option]: true })).toBe(expected)
  })

  it('refuses a path with more readings than anyone could mean', () => {
    const options = { encodedSlash: true, pathParameters: true, emptySegments: true, caseInsensitive: true }
    expect(outcome('//%EF%BC%A1%2Fx/%C5%82;v/a;v/b%3F/c%23/d./e', options)).toBe('readings differ')
  })
})

/** /admin and below for administrators, the rest for everyone: what an attacker would get past. */
function guarded(options: Partial<PathOptions> = {}, literal = 'admin'): (raw: string) => string {
  const { origins } = compiled({
    origins: [
      originOf(
        [
          { path: `/${literal}`, access: { roles: ['admin'] } },
          { path: `/${literal}/*`, access: { roles: ['admin'] } },
          { path: '/:any/inner', access: { roles: ['inner'] } },
          { path: '/*', access: 'public' },
        ],
        { paths: options },
      ),
    ],
  })
  return (raw) => verdict(createTable(origins), raw)
}

function verdict(table: Table, raw: string): string {
  const origin = table.originOf('app.example.com')
  if (!origin) throw new Error('no origin')
  const read = readTarget(raw, origin.paths)
  if (!read.ok) return read.error
  const found = table.find(origin, 'GET', read.value.readings)
  return found.ok ? (found.value?.path ?? 'none') : found.error
}

describe('no way around a guarded path: every reading must meet the same rule', () => {
  const rows: readonly [raw: string, option: keyof PathOptions | null, outcome: string][] = [
    ['/admin', null, '/admin'],
    ['/admin/', null, '/admin'],
    ['/admin/x', null, '/admin/*'],
    ['/Admin', null, '/*'],
    ['/admin.', null, 'readings differ'],
    ['/admin..', null, 'readings differ'],
    ['/admin./x', null, 'readings differ'],
    ['/admin%20', null, 'readings differ'],
    ['/%20admin', null, 'readings differ'],
    ['/admin%20.%20/x', null, 'readings differ'],
    ['/admin%C2%A0', null, 'readings differ'],
    ['/admin%E3%80%80', null, 'readings differ'],
    ['/admin%3Bx', null, 'readings differ'],
    ['/admin%3Bx/logo.png', null, 'readings differ'],
    ['/admin%3Fx', null, 'readings differ'],
    ['/admin%3fx', null, 'readings differ'],
    ['/%3b/inner;', 'pathParameters', 'readings differ'],
    ['/%3f/..%3F', null, 'dot segment'],
    ['/x/..%23', null, 'dot segment'],
    ['/admin%23x', null, 'readings differ'],
    ['/x%23y/inner%3Fz', null, 'readings differ'],
    ['/x%3Fy/inner%23z', null, 'readings differ'],
    ['/admin/%3Fx', null, 'readings differ'],
    ['/admin/x%3Fy', null, '/admin/*'],
    ['/%3Bx/admin', null, 'readings differ'],
    ['/ad%C2%ADmin', null, 'readings differ'],
    ['/ad%E2%80%8Bmin', null, 'readings differ'],
    ['/ad%EF%BB%BFmin', null, 'readings differ'],
    ['/%EF%BD%81dmin', null, 'readings differ'],
    ['/x%EF%BC%8F..%EF%BC%8Fadmin', null, 'dot segment'],
    ['/admin%EF%BC%8Fx', null, 'readings differ'],
    ['/admin%EF%BC%BCx', null, 'readings differ'],
    ['/admin%EF%BC%9Bx', null, 'readings differ'],
    ['/(S(lit3py55t21z5v55vlm25s55))/admin', null, 'readings differ'],
    ['/%28S%28x%29%29/admin/x', null, 'readings differ'],
    ['/(A(x)F(y)S(z))/admin', null, 'readings differ'],
    ['/(lit3py55t21z5v55vlm25s55)/admin', null, 'readings differ'],
    ['/x/(S(x))/inner', null, 'readings differ'],
    ['/(S(x))/(S(x))/admin', null, 'readings differ'],
    ['/adm/(S(x))in', null, 'readings differ'],
    ['/(S(x/(S(x))))/admin', null, 'readings differ'],
    ['/%EF%BC%88S(x))/admin', null, 'readings differ'],
    ['/admin/(S(x))/y', null, '/admin/*'],
    ['/x/(S(x))/y', null, '/*'],
    ['/(S(x))', null, '/*'],
    ['/(s)/admin', null, '/*'],
    ['/x_(S(x))/admin', null, '/*'],
    ['/caf%C3%A9', null, '/*'],
    ['/admin%2Fx', 'encodedSlash', 'readings differ'],
    ['/%2Fadmin', 'encodedSlash', 'readings differ'],
    ['/%2Fhost%2Fadmin', 'encodedSlash', 'readings differ'],
    ['/x%2Fy', 'encodedSlash', '/*'],
    ['/admin/x%2Fy', 'encodedSlash', '/admin/*'],
    ['/admin%2F%3Bx', 'encodedSlash', 'readings differ'],
    ['/admin;x', 'pathParameters', 'readings differ'],
    ['/admin;x=1/logo.png', 'pathParameters', 'readings differ'],
    ['/admin/x;v=1', 'pathParameters', '/admin/*'],
    ['/;x/admin', 'pathParameters', 'readings differ'],
    ['/;/host/admin', 'pathParameters', 'readings differ'],
    ['/x;v=1/y;v=2', 'pathParameters', '/*'],
    ['/a;x/inner', 'pathParameters', 'readings differ'],
    ['//admin', 'emptySegments', 'readings differ'],
    ['//host/admin', 'emptySegments', 'readings differ'],
    ['///host//admin', 'emptySegments', 'readings differ'],
    ['/admin//', 'emptySegments', 'readings differ'],
    ['/admin//x', 'emptySegments', '/admin/*'],
    ['/x//inner', 'emptySegments', 'readings differ'],
    ['/x//y', 'emptySegments', '/*'],
    ['/ADMIN', 'caseInsensitive', '/admin'],
    ['/AdMiN/x', 'caseInsensitive', '/admin/*'],
    ['/ADMIN.', 'caseInsensitive', 'readings differ'],
    ['/(s(X))/ADMIN', 'caseInsensitive', 'readings differ'],
    ['/admin%20', 'caseInsensitive', 'readings differ'],
    ['/%EF%BC%A1DMIN', 'caseInsensitive', 'readings differ'],
    ['/%CE%B1dmin', 'caseInsensitive', 'readings differ'],
    ['/%C4%81dmin', 'caseInsensitive', 'readings differ'],
    ['/%E1%B4%AC%E1%B4%B0min', 'caseInsensitive', 'readings differ'],
    ['/admin%E2%88%95x', 'caseInsensitive', 'readings differ'],
    ['/admin%C2%A5x', 'caseInsensitive', 'readings differ'],
    ['/gr%C3%B6%C3%9Fe', 'caseInsensitive', '/*'],
  ]
  it.each(rows)('%s with %s: %s', (raw, option, expected) => {
    expect(guarded(option ? { [option]: true } : {})(raw)).toBe(expected)
  })

  it('knows a letter in its decomposed form', () => {
    const find = guarded({}, 'caf%C3%A9')
    expect(find('/caf%C3%A9')).toBe('/caf%C3%A9')
    expect(find('/cafe%CC%81')).toBe('readings differ')
  })

  it('knows the soft hyphen that a code page reads as a hyphen', () => {
    expect(guarded({ caseInsensitive: true }, 'ad-min')('/ad%C2%ADmin')).toBe('readings differ')
  })
})

/** Targets as an attacker would make them. */
const pieces = fc.constantFrom(
  ...'/ /admin /public /inner /Admin // . .. /. /.. ; ;x=1 %2e %2E %2f %2F %5c %5C %3b %3B %3f %3F %23 %20 %25 %252e %00 %c0%ae %C3%A9 e%CC%81 %EF%BD%81 %EF%BC%8F %E2%80%8B %C2%A0 %CE%B1 a x ~1 :: ? ?q=.. \\ + : @ [ ^ | % é # %zz %u002e'.split(
    ' ',
  ),
  ' ',
)
const attack = fc.array(pieces, { maxLength: 8 }).map((parts) => `/${parts.join('')}`)
const anyTarget = fc.oneof(
  attack,
  attack,
  fc.string({ unit: 'binary' }),
  fc.webPath().map((path) => path || '/'),
)
const anyOptions = fc.record({
  encodedSlash: fc.boolean(),
  pathParameters: fc.boolean(),
  emptySegments: fc.boolean(),
  caseInsensitive: fc.boolean(),
})
const runs = { numRuns: 3000 }

describe('for any string and any opt-ins', () => {
  it('what is matched is what is forwarded: the client’s own bytes', () => {
    fc.assert(
      fc.property(anyTarget, anyOptions, (raw, options) => {
        const read = readTarget(raw, options)
        if (!read.ok) return
        expect(read.value.path + read.value.search).toBe(raw)
        expect(read.value.path).toMatch(/^\/[\x21-\x7e]*$/)
        const [plain = []] = read.value.readings
        const bare = raw.replace(/\?.*$/s, '').replace(/\/$/, '')
        const decoded = bare === '' ? [] : bare.slice(1).split('/').map(decodeURIComponent)
        expect(plain).toEqual(options.caseInsensitive ? decoded.map((x) => x.toLowerCase()) : decoded)
      }),
      runs,
    )
  })

  it('a runtime’s fetch sends the path that was matched', () => {
    fc.assert(
      fc.property(anyTarget, anyOptions, (raw, options) => {
        const read = readTarget(raw, options)
        if (read.ok) expect(new URL(`https://upstream.test${raw}`).pathname).toBe(read.value.path)
      }),
      runs,
    )
  })

  it('what was accepted is accepted again, and read the same', () => {
    fc.assert(
      fc.property(anyTarget, anyOptions, (raw, options) => {
        const read = readTarget(raw, options)
        if (read.ok) expect(readTarget(read.value.path + read.value.search, options)).toEqual(read)
      }),
      runs,
    )
  })

  it('nothing accepted holds a dot segment, a backslash or a control under any decoding', () => {
    fc.assert(
      fc.property(anyTarget, anyOptions, (raw, options) => {
        const read = readTarget(raw, options)
        if (!read.ok) return
        let text = read.value.path
        for (let round = 0; round < 3; round++) {
          expect(text).not.toMatch(/(?:^|\/)\.{1,2}(?:[/;?#]|$)/)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
          expect(text).not.toMatch(/[\\\x00-\x1f\x7f-\x9f]/)
          text = decodeLeniently(text)
        }
        for (const reading of read.value.readings)
          for (const segment of reading) expect(segment).not.toMatch(/^[.\s]+$/)
      }),
      runs,
    )
  })
})

/** Decodes what it can, as a careless server does. */
const decodeLeniently = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })

describe('an accepted path meets the same rule as other servers read it', () => {
  const readers: Readonly<Record<string, (path: string) => string>> = {
    'the WHATWG parser': (path) => decodeURIComponent(URL.parse(path, 'http://h')?.pathname ?? path),
    'a concatenating one': (path) => decodeURIComponent(new URL(`http://h${path}`).pathname),
    'decode, then normalise': (path) => decodeURIComponent(path).replace(/\/{2,}/g, '/'),
    'a servlet container': (path) => decodeURIComponent(path.replace(/;[^/]*/g, '')),
    'a servlet container that decodes first': (path) => decodeURIComponent(path).replace(/;[^/]*/g, ''),
    'a filter that stops at a semicolon': (path) => decodeURIComponent(path).replace(/;.*$/s, ''),
    'one that parses twice': (path) => decodeURIComponent(path).replace(/[?#].*$/s, ''),
    'a Windows file system': (path) =>
      decodeURIComponent(path)
        .split('/')
        .map((name) => name.replace(/[. ]+$/, ''))
        .join('/'),
    'one that normalises Unicode': (path) => decodeURIComponent(path).normalize('NFKC'),
  }
  const naive = (path: string, isFolded: boolean): string => {
    const segments = path.split('/').filter((segment) => segment !== '')
    const [first, second] = isFolded ? segments.map((x) => x.toLowerCase()) : segments
    if (first === 'admin') return segments.length === 1 ? '/admin' : '/admin/*'
    return segments.length === 2 && second === 'inner' ? '/:any/inner' : '/*'
  }
  it.each(Object.entries(readers))('%s', (_, reader) => {
    fc.assert(
      fc.property(attack, anyOptions, (raw, options) => {
        const met = guarded(options)(raw)
        if (!met.startsWith('/')) return
        const path = raw.replace(/\?.*$/s, '')
        expect([raw, naive(reader(path), options.caseInsensitive)]).toEqual([raw, met])
      }),
      { numRuns: 1500 },
    )
  })
})

it('a literal of a rule has one reading only', () => {
  for (const literal of [
    'a;x',
    'a.',
    'a%20',
    '%20a',
    'a%3Fb',
    'a%23b',
    'a%3Bb',
    'cafe%CC%81',
    '%EF%BD%81',
    'a//b',
    '.',
  ])
    expect([literal, readPattern(`/${literal}`).ok]).toEqual([literal, false])
})
