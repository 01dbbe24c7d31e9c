/** Paths that two servers could read differently, raw on the wire; and those that must pass untouched. */

import type { Exchange } from '../exchange.ts'

const refused = (title: string, target: string, status: readonly number[] = [400]): Exchange => ({
  title: `${title} is refused: ${target.slice(0, 40)}`,
  line: `GET ${target}`,
  want: { status, origin: null },
})

const passed = (target: string, host = 'app.test'): Exchange => ({
  title: `passes untouched: ${target} (${host})`,
  line: `GET ${target}`,
  host,
  want: { status: 200, origin: { line: `GET ${target}` } },
})

export const paths: readonly Exchange[] = [
  refused('an encoded slash after dots', '/public/..%2fadmin/x'),
  refused('an encoded backslash after dots', '/public/..%5cadmin/x'),
  refused('encoded dots', '/public/%2e%2e/admin/x'),
  refused('half-encoded dots', '/public/.%2e/admin/x'),
  refused('plain dots', '/public/../admin/x'),
  refused('a single dot', '/public/./a'),
  refused('an encoded NUL', '/public/%00'),
  refused('an invalid escape', '/public/%zz'),
  refused('a cut-off escape', '/public/%2'),
  refused('an empty segment', '/public//a'),
  refused('two slashes at the start', '//public/a', [400, 404]),
  refused('a host in the path', '//evil.example.com/public/a', [400, 404]),
  refused('a parameter before dots', '/public/;/../admin/x', [400, 401]),
  refused('a path parameter', '/public/a;jsessionid=1'),
  refused('a backslash', '/public\\..\\admin'),
  refused('two backslashes', '/public\\\\a'),
  refused('a needlessly encoded letter', '/%61dmin/x'),
  refused('a doubly encoded letter', '/%2561dmin/x'),
  refused('raw UTF-8', '/public/\u00c3\u00a9'),
  refused('a trailing dot that is a segment', '/public/..%2e', [400]),
  {
    ...refused('a fragment', '/public/a#/../admin'),
    why: 'workerd cuts it off before any code runs: what is left is matched, and forwarded',
    on: { workerd: { status: 200, origin: { line: 'GET /public/a' } } },
  },
  refused('another case meets no rule', '/PUBLIC/a', [404]),
  refused('16 KiB of path', `/public/${'a'.repeat(16_384)}`, [414]),
  refused('300 segments', `/public${'/a'.repeat(300)}`, [414]),
  {
    ...refused('an address without a slash', 'public', [0, 400, 404]),
    why: 'workerd puts a slash before it, and then no rule has it',
  },
  refused('the reserved path', '/.sallyport/nothing', [404]),
  passed('/public/a'),
  passed('/public/a/'),
  passed('/public/caf%C3%A9?x=%2e%2e%2f&y=%00'),
  passed('/public/a%20b'),
  passed('/public/a?x=/../admin'),
  passed("/public/~a!$&'()*+,=:@-._"),
  passed('/public/a.'),
  passed('/public/a?'),
  ...[...'{}|^`\\[]'].map((odd) => passed(`/public/a?x=${odd}`)),
  {
    ...passed("/public/a?x='"),
    why: 'workerd reads a URL, and a URL has no such quote in its query (URL section 4.4)',
    on: { workerd: { origin: { line: 'GET /public/a?x=%27' } } },
  },
  ...[...'"<>'].map(
    (odd): Exchange => ({
      ...passed(`/public/a?x=${odd}`),
      why: 'workerd refuses it before any code runs',
      on: { workerd: { status: 400, origin: null } },
    }),
  ),
  passed('/public/%3Fa'),
  passed('/public/a%2Fb', 'loose.test'),
  passed('/public/a;jsessionid=1', 'loose.test'),
  passed('/public//a', 'loose.test'),
  {
    title: 'IIS: another case is the same rule',
    line: 'GET /Admin/x',
    host: 'iis.test',
    want: { status: 401, origin: null },
  },
  {
    title: 'IIS: a trailing dot is the same rule',
    line: 'GET /admin./x',
    host: 'iis.test',
    want: { status: [400, 401], origin: null },
  },
  {
    title: 'an absolute form is read as its path',
    line: 'GET http://app.test/public/a',
    want: { status: [200, 400], origin: { line: 'GET /public/a' } },
    why: 'Node tells what was sent, which is no path; the others tell a URL',
    on: { node: { status: 400, origin: null } },
  },
]
