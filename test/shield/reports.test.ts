import { describe, expect, it } from 'vitest'
import { createEndpoints } from '../../src/endpoints/endpoints.ts'
import type { ReportEntry } from '../../src/endpoints/reports.ts'
import { compile } from '../../src/route/compile.ts'
import { createTable } from '../../src/route/table.ts'
import { readReports } from '../../src/shield/reports.ts'
import { suggestPolicy } from '../../src/shield/suggest.ts'

const old = (fields: Record<string, unknown>) => JSON.stringify({ 'csp-report': fields })
const inline = {
  'document-uri': 'https://app.example.com/a?token=secret#x',
  'effective-directive': 'script-src-elem',
  'blocked-uri': 'inline',
  disposition: 'report',
}
const modern = {
  type: 'csp-violation',
  body: {
    effectiveDirective: 'img-src',
    blockedURL: 'https://user:pw@cdn.example.net/logo.png?key=secret',
    documentURL: 'https://app.example.com/b?x',
    disposition: 'enforce',
  },
}

describe('a report', () => {
  it('is read in either form, without what may be a secret', () => {
    expect(readReports(old(inline))).toEqual([
      { directive: 'script-src-elem', blocked: 'inline', page: 'https://app.example.com/a', isEnforced: false },
    ])
    expect(readReports(JSON.stringify([modern, { type: 'deprecation' }]))).toEqual([
      {
        directive: 'img-src',
        blocked: 'https://cdn.example.net/logo.png',
        page: 'https://app.example.com/b',
        isEnforced: true,
      },
    ])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a number', '1'],
    ['null', 'null'],
    ['an empty list', '[]'],
    ['a list of nothing', '[null, 1, "x", []]'],
    ['another report', JSON.stringify([{ type: 'deprecation', body: {} }])],
    ['a directive with a line break', old({ ...inline, 'effective-directive': 'script-src\n{"x":1}' })],
    ['a directive that is a list', old({ ...inline, 'effective-directive': ['script-src'] })],
    ['__proto__', '{"__proto__":{"csp-report":{"effective-directive":"img-src"}}}'],
  ])('is none: %s', (_, text) => expect(readReports(text)).toBeNull())

  it('is at most 20, and each short', () => {
    const long = { ...modern, body: { ...modern.body, blockedURL: `https://a.example.com/${'a'.repeat(4_000)}` } }
    const read = readReports(JSON.stringify(Array.from({ length: 500 }, () => long)))
    expect(read).toHaveLength(20)
    expect(read?.[0]?.blocked.length).toBe(300)
    expect(readReports(old({ ...inline, 'blocked-uri': '\u0000<script>' }))?.[0]?.blocked).toBe('')
    expect(readReports(old({ ...inline, 'blocked-uri': 'javascript:alert(1)' }))?.[0]?.blocked).toBe('javascript')
  })
})

describe('/.sallyport/reports', () => {
  let clock = 0
  function open(csp: unknown = { directives: { 'default-src': ["'self'"] }, reports: true }) {
    const logged: ReportEntry[] = []
    const rules = [{ path: '/*', access: 'public' }]
    const config = compile(
      { origins: [{ name: 'app', host: 'app.example.com', upstream: 'http://127.0.0.1:1', headers: { csp }, rules }] },
      {},
    )
    if (!config.ok) throw new Error(JSON.stringify(config.error))
    const reports = {
      table: createTable(config.value.origins),
      now: () => clock,
      log: (entry: ReportEntry) => logged.push(entry),
    }
    const app = createEndpoints({
      line: { table: reports.table, now: reports.now, log: () => undefined },
      signer: null,
      resources: { table: reports.table, publicScheme: null },
      csrf: null,
      check: null,
      signIn: null,
      visitor: null,
      admin: null,
      reports,
    })
    const post = async (body: string, host = 'app.example.com', method = 'POST') =>
      (await app.request(`https://${host}/.sallyport/reports`, { method, ...(method === 'POST' && { body }) })).status
    return { logged, post }
  }

  it('takes a report into the log', async () => {
    const { logged, post } = open()
    expect(await post(old(inline))).toBe(204)
    expect(logged).toEqual([
      {
        kind: 'csp-report',
        at: clock,
        origin: 'app',
        directive: 'script-src-elem',
        blocked: 'inline',
        page: 'https://app.example.com/a',
        isEnforced: false,
      },
    ])
  })

  it('takes none that is too large, no report, of another host, or asked for by nobody', async () => {
    const { logged, post } = open()
    expect(await post(old({ ...inline, sample: 'x'.repeat(40_000) }))).toBe(413)
    expect(await post('{}')).toBe(400)
    expect(await post(old(inline), 'evil.test')).toBe(404)
    expect(await post('', 'app.example.com', 'GET')).toBe(404)
    expect(await open({ directives: { 'default-src': ["'self'"] } }).post(old(inline))).toBe(404)
    expect(logged).toEqual([])
  })

  it('takes so many a minute and no more', async () => {
    const { logged, post } = open()
    const many = JSON.stringify(Array.from({ length: 20 }, () => modern))
    const statuses = new Set<number>()
    for (let turn = 0; turn < 30; turn++) statuses.add(await post(many))
    expect([...statuses]).toEqual([204, 429])
    expect(logged).toHaveLength(200)
    clock += 60
    expect(await post(many)).toBe(204)
  })
})

describe('a suggestion', () => {
  it('names the sources that pages wanted, and what no source can mend', () => {
    const page = 'https://app.example.com/a'
    const at = (directive: string, blocked: string) => ({ directive, blocked, page, isEnforced: false })
    const suggested = suggestPolicy([
      at('img-src', 'https://cdn.example.net/logo.png'),
      at('img-src', 'data'),
      at('script-src-elem', 'https://app.example.com/app.js'),
      at('script-src-elem', 'https://cdn.example.net/lib.js'),
      at('script-src-elem', 'inline'),
      at('script-src-attr', 'inline'),
      at('script-src', 'eval'),
      at('script-src', ''),
    ])
    expect(suggested.directives).toEqual({
      'default-src': ["'self'"],
      'img-src': ["'self'", 'data:', 'https://cdn.example.net'],
      'script-src': ["'self'", 'https://cdn.example.net'],
    })
    expect(suggested.concerns).toHaveLength(4)
    expect(suggested.concerns.join('\n')).toContain('nonce: true')
  })
})
