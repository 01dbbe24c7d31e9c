/** What is sent to the origin, and in which framing. */

import type { Exchange } from '../exchange.ts'

export const bodies: readonly Exchange[] = [
  {
    title: 'a body with a length keeps its length',
    line: 'POST /public/a',
    body: 'hello',
    want: { status: 200, origin: { headers: { 'Content-Length': '5', 'Transfer-Encoding': null }, body: 'hello' } },
  },
  {
    title: 'a body without a length goes in chunks',
    line: 'POST /public/a',
    headers: [['Transfer-Encoding', 'chunked']],
    body: '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n',
    // undici tells the length of a body that has come in whole before it was sent
    want: { status: 200, origin: { body: 'hello' } },
  },
  {
    title: 'what stands behind the chunks is no header',
    line: 'POST /public/a',
    headers: [
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X-Remote-User'],
    ],
    body: '2\r\nok\r\n0\r\nX-Remote-User: evil\r\n\r\n',
    want: { status: 200, origin: { headers: { 'X-Remote-User': null, Trailer: null }, body: 'ok' } },
  },
  {
    title: 'a post without a body says so',
    line: 'POST /public/a',
    headers: [['Content-Length', '0']],
    want: { status: 200, origin: { headers: { 'Content-Length': '0' }, body: '' } },
  },
  {
    title: 'a body of bytes',
    line: 'PUT /public/a',
    body: Array.from({ length: 256 }, (_, at) => String.fromCharCode(at))
      .join('')
      .repeat(400),
    want: {
      status: 200,
      origin: {
        headers: { 'Content-Length': '102400' },
        body: Array.from({ length: 256 }, (_, at) => String.fromCharCode(at))
          .join('')
          .repeat(400),
      },
    },
  },
  {
    title: 'a get has no body and no framing',
    line: 'GET /public/a',
    want: { status: 200, origin: { headers: { 'Content-Length': null, 'Transfer-Encoding': null } } },
  },
  ...['a length', 'chunks'].map(
    (framing): Exchange => ({
      title: `a get with a body, told by ${framing}, goes nowhere`,
      line: 'GET /public/a',
      headers: framing === 'chunks' ? [['Transfer-Encoding', 'chunked']] : [],
      body: framing === 'chunks' ? '5\r\nhello\r\n0\r\n\r\n' : 'hello',
      want: { status: 400, origin: null },
    }),
  ),
  ...['DELETE', 'OPTIONS', 'PUT', 'POST'].map(
    (method): Exchange => ({
      title: `a ${method} without a body brings none`,
      line: `${method} /public/a`,
      want: { status: 200, origin: { headers: { 'Transfer-Encoding': null }, body: '' } },
    }),
  ),
  {
    title: 'a delete with a body',
    line: 'DELETE /public/a',
    body: 'x',
    want: { status: 200, origin: { line: 'DELETE /public/a', headers: { 'Content-Length': '1' }, body: 'x' } },
  },
  {
    title: 'an encoded upload stays encoded',
    line: 'POST /public/a',
    headers: [
      ['Content-Encoding', 'gzip'],
      ['Content-Type', 'text/plain'],
    ],
    body: '\x1f\x8b\x08\x00nonsense',
    want: { status: 200, origin: { headers: { 'Content-Encoding': 'gzip' }, body: '\x1f\x8b\x08\x00nonsense' } },
  },
  {
    title: 'both lengths: refused, or read by one of them only',
    line: '',
    raw: 'POST /public/a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX',
    want: { status: [0, 400], origin: null },
    why: 'workerd reads the chunks, and forwards chunks alone',
    on: { workerd: { status: [200, 400], origin: { headers: { 'Content-Length': null }, body: '' } } },
  },
  {
    title: 'two lengths that differ',
    line: '',
    raw: 'POST /public/a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    want: { status: [0, 400], origin: null },
  },
  {
    title: 'two lengths that are alike',
    line: '',
    raw: 'POST /public/a HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab',
    want: { status: [0, 400], origin: null },
    why: 'one and the same length twice may be taken for that length (RFC 9112 section 6.3)',
    on: { workerd: { status: 200, origin: { headers: { 'Content-Length': '2' }, body: 'ab' } } },
  },
  {
    title: 'chunks that are none',
    line: 'POST /public/a',
    headers: [['Transfer-Encoding', 'chunked']],
    body: 'no size\r\n',
    why: 'Deno sees it before any code runs',
    want: { status: [0, 400] },
  },
  {
    title: 'a length that is no number',
    line: '',
    raw: 'POST /public/a HTTP/1.1\r\nHost: app.test\r\nContent-Length: +1\r\n\r\na',
    want: { status: [0, 400, 500], origin: null },
  },
  {
    title: 'a folded header',
    line: '',
    raw: 'GET /public/a HTTP/1.1\r\nHost: app.test\r\nX-A: 1\r\n X-Remote-User: evil\r\n\r\n',
    want: { status: [0, 400], origin: null },
  },
]
