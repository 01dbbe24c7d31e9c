/** What makes a proxy one that neither side notices: prefixes, links, loops, limits, times. */

import type { Exchange } from '../exchange.ts'

export const proxying: readonly Exchange[] = [
  {
    title: 'a prefix is another one at the origin, and links come back',
    line: 'GET /public/app/page?x=1',
    reply:
      'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/legacy/next\r\nSet-Cookie: a=1; Path=/legacy\r\nContent-Length: 0\r\n\r\n',
    want: {
      status: 302,
      headers: { Location: 'http://app.test/public/app/next', 'Set-Cookie': 'a=1; Path=/public/app' },
      origin: { line: 'GET /legacy/page?x=1', headers: { 'X-Forwarded-Prefix': '/public/app' } },
    },
  },
  {
    title: 'Via, port and trace are told',
    line: 'GET /public/a',
    headers: [['Via', '1.0 fred']],
    want: {
      status: 200,
      origin: {
        headers: {
          Via: '1.0 fred, 1.1 sallyport',
          'X-Forwarded-Port': '80',
          Traceparent: /^00-[\da-f]{32}-[\da-f]{16}-00$/,
        },
      },
    },
  },
  { title: 'a loop', line: 'GET /public/a', headers: [['Via', '1.1 sallyport']], want: { status: 508, origin: null } },
  {
    title: 'a body that says it is too large',
    line: 'POST /public/small',
    body: '12345678901',
    want: { status: 413, origin: null },
  },
  { title: 'a body that is just small enough', line: 'POST /public/small', body: '1234567890', want: { status: 200 } },
  {
    title: 'an asset for everybody takes and brings no cookies',
    line: 'GET /public/assets/a.css',
    headers: [['Cookie', 'theme=dark']],
    reply: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nCache-Control: public, max-age=60\r\nContent-Length: 2\r\n\r\nok',
    want: {
      status: 200,
      headers: { 'Set-Cookie': null, 'Cache-Control': 'public, max-age=60' },
      origin: { headers: { Cookie: null } },
    },
  },
  {
    title: 'OPTIONS that goes no further than here',
    line: 'OPTIONS /public/a',
    headers: [['Max-Forwards', '0']],
    want: { status: 204, headers: { Allow: /GET/ }, origin: null },
  },
  {
    title: 'the total time is over in the middle of an answer',
    line: 'GET /public/total',
    async reply(reader, socket) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')
      await reader.some()
    },
    want: { status: [200, 502, 504], isWhole: false, withinMilliseconds: 5_000 },
  },
  {
    title: 'a connection that breaks before the answer is tried once more',
    line: 'GET /public/a',
    async reply(_, socket) {
      socket.destroy()
    },
    want: { status: 502, origin: { count: 2 } },
  },
  {
    title: 'and not where the rule says so',
    line: 'GET /public/once',
    async reply(_, socket) {
      socket.destroy()
    },
    want: { status: 502, origin: { count: 1 } },
  },
  {
    title: 'a body in chunks that turns out too large',
    line: 'POST /public/small',
    headers: [['Transfer-Encoding', 'chunked']],
    body: '8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n',
    want: { status: 413 },
  },
]
