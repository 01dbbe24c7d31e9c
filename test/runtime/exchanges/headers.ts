/** What the client's headers become on their way to the origin. */

import type { Exchange } from '../exchange.ts'

const dropped = (name: string, value = 'evil'): Exchange => ({
  title: `drops ${name}`,
  line: 'GET /public/a',
  headers: [[name, value]],
  want: { status: 200, origin: { headers: { [name]: null } } },
})

export const headers: readonly Exchange[] = [
  ...[
    'X-Remote-User',
    'x-REMOTE-user',
    'X_Remote_User',
    'X.Remote.User',
    'Remote-User',
    'REMOTE_USER',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-HTTP-Method-Override',
    'X-Middleware-Subrequest',
    'X-Forwarded-Uri',
    'X-Forwarded-Prefix',
    'Proxy',
    'CF-Connecting-IP',
  ].map((name) => dropped(name)),
  {
    title: 'drops an identity header that came twice and empty',
    line: 'GET /public/a',
    headers: [
      ['X-Remote-User', 'evil'],
      ['X-Remote-User', ''],
    ],
    want: { status: 200, origin: { headers: { 'X-Remote-User': null } } },
  },
  {
    title: 'sets the identity of a session, and no other',
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [
      ['X-Remote-User', 'evil'],
      ['x_remote_user', 'evil'],
      ['X-Remote-Roles', 'admin'],
    ],
    want: {
      status: 200,
      origin: {
        headers: { 'X-Remote-User': 'user-0', x_remote_user: null, 'X-Remote-Roles': 'member', Cookie: null },
      },
    },
  },
  {
    title: "a Connection header can't remove ours",
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [['Connection', 'X-Remote-User, X-Forwarded-For, close']],
    want: { status: 200, origin: { headers: { 'X-Remote-User': 'user-0', 'X-Forwarded-Host': 'app.test' } } },
  },
  {
    title: 'what Connection names goes no further',
    line: 'GET /public/a',
    headers: [
      ['Connection', 'X-Secret-Hop'],
      ['X-Secret-Hop', '1'],
      ['X-Other', '2'],
    ],
    want: { status: 200, origin: { headers: { 'X-Secret-Hop': null, 'X-Other': '2' } } },
  },
  {
    title: 'hop-by-hop headers go no further',
    line: 'GET /public/a',
    headers: [
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Authorization', 'Basic eDp5'],
      ['Proxy-Connection', 'keep-alive'],
      ['TE', 'trailers'],
    ],
    want: {
      status: 200,
      origin: { headers: { 'Keep-Alive': null, 'Proxy-Authorization': null, 'Proxy-Connection': null, TE: null } },
    },
  },
  {
    title: "X-Forwarded-* are the platform's facts",
    line: 'GET /public/a',
    headers: [
      ['X-Forwarded-Host', 'evil.test'],
      ['X-Forwarded-Proto', 'gopher'],
      ['X-Forwarded-For', '192.0.2.66'],
      ['Forwarded', 'for=192.0.2.66;host=evil.test'],
    ],
    want: {
      status: 200,
      origin: {
        headers: {
          'X-Forwarded-Host': 'app.test',
          'X-Forwarded-Proto': 'http',
          'X-Forwarded-For': '127.0.0.1',
          Forwarded: 'for=127.0.0.1;host="app.test";proto=http',
        },
      },
    },
    why: "without Cloudflare in front workerd doesn't know the client's address, and believes no header about it",
    on: {
      workerd: {
        origin: { headers: { 'X-Forwarded-For': null, Forwarded: 'host="app.test";proto=http' } },
      },
    },
  },
  {
    title: 'the request id is ours',
    line: 'GET /public/a',
    headers: [['X-Request-Id', 'evil']],
    want: {
      status: 200,
      headers: { 'X-Request-Id': /^[\da-f-]{36}$/ },
      origin: { headers: { 'X-Request-Id': /^[\da-f-]{36}$/ } },
    },
  },
  {
    title: 'what the origin may want passes',
    line: 'GET /public/a',
    headers: [
      ['User-Agent', 'Test/1'],
      ['Accept', 'text/html;q=0.9'],
      ['Accept-Language', 'de, en;q=0.5'],
      ['Referer', 'https://app.test/b'],
      ['Cookie', 'theme=dark; lang=de'],
      ['If-None-Match', '"a"'],
      ['Range', 'bytes=0-1'],
      ['X-Custom', 'a, b'],
    ],
    want: {
      status: 200,
      origin: {
        headers: {
          'User-Agent': 'Test/1',
          Accept: 'text/html;q=0.9',
          'Accept-Language': 'de, en;q=0.5',
          Referer: 'https://app.test/b',
          Cookie: 'theme=dark; lang=de',
          'If-None-Match': '"a"',
          Range: 'bytes=0-1',
          'X-Custom': 'a, b',
        },
      },
    },
  },
  {
    title: "the gateway's cookie is cut out, others stay",
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [['Cookie', 'theme=dark']],
    want: { status: 200, origin: { headers: { Cookie: 'theme=dark' } } },
    why: 'workerd joins two Cookie headers by a comma, and then no cookie can be told from the other',
    on: { workerd: { status: 400, origin: null } },
  },
  {
    title: 'caches on the way are told of what is for one person',
    line: 'GET /signed-in/a',
    as: 'member',
    want: { status: 200, origin: { headers: { 'Cache-Control': 'no-store' } } },
  },
  {
    title: 'what the client says of caches stands, behind ours',
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [['Cache-Control', 'max-age=0']],
    want: { status: 200, origin: { headers: { 'Cache-Control': 'no-store, max-age=0' } } },
  },
  {
    title: 'no Connection takes away what caches are told',
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [
      ['Cache-Control', 'max-age=0'],
      ['Connection', 'cache-control, close'],
    ],
    want: { status: 200, origin: { headers: { 'Cache-Control': 'no-store, max-age=0' } } },
  },
  {
    title: 'of what is for everybody caches are told nothing',
    line: 'GET /public/a',
    want: { status: 200, origin: { headers: { 'Cache-Control': null, Pragma: null } } },
  },
  {
    title: "the client's Authorization goes no further",
    line: 'GET /public/a',
    headers: [['Authorization', 'Basic eDp5']],
    want: { status: 200, origin: { headers: { Authorization: null } } },
  },
  { title: 'an unknown host', line: 'GET /public/a', host: 'other.test', want: { status: 404, origin: null } },
  { title: 'a host in another case', line: 'GET /public/a', host: 'APP.Test', want: { status: 200 } },
  { title: 'a host with a port', line: 'GET /public/a', host: 'app.test:8443', want: { status: 200 } },
  {
    title: 'a host with userinfo',
    line: 'GET /public/a',
    host: 'app.test@evil.test',
    want: { status: [0, 400, 404], origin: null },
  },
  {
    title: 'a host that is a path',
    line: 'GET /public/a',
    host: 'app.test/public/',
    want: { status: [0, 400, 404], origin: null },
  },
  {
    title: 'a host that would put a path before the path',
    line: 'GET /admin/x',
    host: 'app.test/public/?x=',
    want: { status: [400], origin: null },
  },
  {
    title: 'a host that would put itself after a user',
    line: 'GET /public/x',
    host: 'evil@app.test',
    want: { status: [400], origin: null },
  },
  ...['app.test:65536', 'app test', '[::1'].map((host) => ({
    title: `a host that no address can be made of, at an endpoint of our own: ${host}`,
    line: 'GET /.sallyport/session',
    host,
    want: { status: 400, headers: { 'X-Sallyport': 'refused' }, origin: null },
  })),
  {
    title: 'a request line that speaks of https over http',
    line: 'GET https://app.test/public/a',
    want: { status: 200, origin: { headers: { 'X-Forwarded-Proto': 'http' } } },
    why: 'Node tells what was sent, which is no path; the others tell a URL',
    on: { node: { status: 400, origin: null } },
  },
  {
    title: 'names that fold to one of ours by any character',
    line: 'GET /signed-in/a',
    as: 'member',
    headers: ['X~Remote~User', 'X!Remote!User', "X'Remote'User", 'X*Remote_User'].map(
      (name) => [name, 'evil'] as const,
    ),
    want: {
      status: 200,
      origin: {
        headers: { 'X-Remote-User': 'user-0', 'X~Remote~User': null, 'X!Remote!User': null, "X'Remote'User": null },
      },
    },
  },
  {
    title: 'two values of Sec-Fetch-Site are none that helps',
    line: 'POST /signed-in/a',
    as: 'member',
    body: 'x',
    headers: [
      ['Sec-Fetch-Site', 'same-origin'],
      ['Sec-Fetch-Site', 'cross-site'],
    ],
    want: { status: 403, origin: null },
  },
  {
    title: 'no host',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\n\r\n',
    why: 'Deno puts its own address where there is no host; no origin has it',
    want: { status: [0, 400, 404, 500], origin: null },
  },
  {
    title: 'two hosts',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\nHost: app.test\r\nHost: evil.test\r\n\r\n',
    want: { status: [0, 400, 404], origin: null },
  },
  {
    title: 'two hosts, at a page of ours',
    line: '',
    raw: 'GET /.sallyport/sign-out HTTP/1.1\r\nHost: app.test\r\nHost: evil.test\r\n\r\n',
    want: { status: [0, 400, 404], origin: null },
  },
  {
    title: 'a header of 100 KiB',
    line: 'GET /public/a',
    headers: [['X-Big', 'a'.repeat(102_400)]],
    why: "Deno's server refuses it before any code runs",
    want: { status: [0, 400, 431], origin: null },
  },
  {
    title: 'a NUL in a header',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\nHost: app.test\r\nX-A: a\0b\r\n\r\n',
    want: { status: [0, 400], origin: null },
  },
  {
    title: 'a bare CR in a header',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\nHost: app.test\r\nX-A: a\rX-Remote-User: evil\r\n\r\n',
    want: { status: 400, origin: null },
  },
  {
    title: 'space before the colon',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\nHost: app.test\r\nX-Remote-User : evil\r\n\r\n',
    want: { status: [0, 400], origin: null },
  },
]
