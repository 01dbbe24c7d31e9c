import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTarget, strictPaths } from '../../src/route/path.ts'
import { matches } from '../../src/route/pattern.ts'
import type { RuleConfig } from '../../src/route/schema.ts'
import { createTable, type Origin } from '../../src/route/table.ts'
import { compiled, originOf } from '../support/routes.ts'

const firstOf = (origins: readonly Origin[]): Origin => {
  const [origin] = origins
  if (!origin) throw new Error('no origin')
  return origin
}

describe('the host finds its origin', () => {
  const rules: RuleConfig[] = [{ path: '/*', access: 'public' }]
  const { origins } = compiled({
    origins: [
      originOf(rules, { name: 'app', host: ['app.example.com', 'App2.Example.com'] }),
      originOf(rules, { name: 'wild', host: '*.example.com' }),
      originOf(rules, { name: 'deep', host: '*.b.example.com' }),
    ],
  })
  const table = createTable(origins)
  const rows: readonly [host: string, name: string | undefined][] = [
    ['app.example.com', 'app'],
    ['APP.example.COM', 'app'],
    ['app2.example.com', 'app'],
    ['app.example.com:8443', 'app'],
    ['other.example.com', 'wild'],
    ['a.other.example.com', 'wild'],
    ['x.b.example.com', 'deep'],
    ['y.x.b.example.com', 'deep'],
    ['b.example.com', 'wild'],
    ['example.com', undefined],
    ['.example.com', undefined],
    ['evilexample.com', undefined],
    ['app.example.com.evil.net', undefined],
    ['app.example.com.', undefined],
    ['evil.net:app.example.com', undefined],
    ['evil.net', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['[::1]', undefined],
    ['[::1]:8080', undefined],
  ]
  it.each(rows)('%j: %s', (host, name) => {
    expect(table.originOf(host)?.name).toBe(name)
  })
})

describe('the first rule in file order that takes the path and the method', () => {
  const { origins } = compiled({
    origins: [
      originOf([
        { path: '/a/b', methods: ['GET'], access: 'public' },
        { path: '/a/:id', methods: ['POST'], access: 'signed-in' },
        { path: '/:x/b', access: 'signed-in' },
        { path: '/a/*', access: 'signed-in' },
        { path: '/', access: 'public' },
      ]),
    ],
  })
  const rows: readonly [method: string, path: string, rule: string | undefined][] = [
    ['GET', '/a/b', '/a/b'],
    ['GET', '/a/b/', '/a/b'],
    ['HEAD', '/a/b', '/:x/b'],
    ['POST', '/a/b', '/a/:id'],
    ['POST', '/a/c', '/a/:id'],
    ['GET', '/a/c', '/a/*'],
    ['GET', '/a', '/a/*'],
    ['GET', '/a/', '/a/*'],
    ['GET', '/a/b/c', '/a/*'],
    ['GET', '/c/b', '/:x/b'],
    ['GET', '/', '/'],
    ['GET', '/ab', undefined],
    ['GET', '/c', undefined],
    ['GET', '/c/b/d', undefined],
    ['get', '/a/b', '/:x/b'],
    ['', '/a/b', '/:x/b'],
  ]
  it.each(rows)('%s %s: %s', (method, path, rule) => {
    const read = readTarget(path, strictPaths)
    if (!read.ok) throw new Error(read.error)
    const found = createTable(origins).find(firstOf(origins), method, read.value.readings)
    expect(found.ok && found.value?.path).toBe(rule)
  })

  it('finds nothing for an origin of another table', () => {
    expect(createTable([]).find(firstOf(origins), 'GET', [[]])).toEqual({ ok: true, value: null })
  })
})

it('finds what a search from the top of the file would find, for any rules and any path', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'A')
  const segment = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: fc.constant(':x') })
  const path = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(([segments, rest]) => `/${[...segments, ...(rest ? ['*'] : [])].join('/')}`)
  const method = fc.constantFrom('GET', 'POST', 'PUT')
  const rule = fc.record({ path, methods: fc.option(fc.uniqueArray(method, { minLength: 1 }), { nil: undefined }) })
  const options = fc.record({
    encodedSlash: fc.boolean(),
    pathParameters: fc.boolean(),
    emptySegments: fc.boolean(),
    caseInsensitive: fc.boolean(),
  })
  const asked = fc
    .array(fc.oneof(word, fc.constantFrom('a;x', 'a%2Fb', '', 'b.', 'c%3Fd', 'a%20b')), { maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`)
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 12 }),
      options,
      asked,
      method,
      (written, paths, raw, verb) => {
        const rules = written.map(({ path: at, methods }): RuleConfig => {
          return methods ? { path: at, methods, access: 'public' } : { path: at, access: 'public' }
        })
        const origin = firstOf(compiled({ origins: [originOf(rules, { paths })] }).origins)
        const read = readTarget(raw, origin.paths)
        if (!read.ok) return
        const naive = read.value.readings.map((reading) =>
          origin.routes.find(
            (route) => matches(route.pattern, reading, origin.paths) && (route.methods?.has(verb) ?? true),
          ),
        )
        const found = createTable([origin]).find(origin, verb, read.value.readings)
        if (new Set(naive).size > 1) expect(found).toEqual({ ok: false, error: 'readings differ' })
        else expect(found.ok && (found.value ?? undefined)).toBe(naive[0])
      },
    ),
    { numRuns: 2000 },
  )
})
