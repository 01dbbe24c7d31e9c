/** Upstreams that are down, slow or lying; stores and issuers that hang. */

import type { Exchange } from '../exchange.ts'

const lies = (
  title: string,
  bytes: string,
  want: Exchange['want'] = { status: 502, headers: { 'X-Sallyport': 'refused' }, body: /requestId/ },
): Exchange => ({
  title,
  line: 'GET /public/a',
  async reply(_, socket) {
    socket.end(Buffer.from(bytes, 'latin1'))
  },
  want,
})

export const failures: readonly Exchange[] = [
  {
    title: 'an upstream that is down',
    line: 'GET /a',
    host: 'down.test',
    want: { status: 502, headers: { 'X-Sallyport': 'refused' }, body: /"status":502.*requestId/ },
  },
  {
    title: 'an upstream that is down, for a post',
    line: 'POST /a',
    host: 'down.test',
    body: 'hello',
    want: { status: 502 },
  },
  {
    title: 'an upstream that is down, in the middle of an upload',
    line: 'POST /a',
    host: 'down.test',
    headers: [['Content-Length', '1000000']],
    body: 'begun',
    want: { status: 502 },
  },
  {
    title: 'an upstream that says nothing in time',
    line: 'GET /public/slow',
    async reply(reader) {
      await reader.some()
    },
    want: { status: 504, headers: { 'X-Sallyport': 'refused' }, withinMilliseconds: 3_000 },
  },
  lies('hangs up without an answer', ''),
  lies('garbage', 'this is no HTTP\r\n\r\n'),
  lies('a status of 999', 'HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\nok'),
  lies('a status of 42', 'HTTP/1.1 42 What\r\nContent-Length: 2\r\n\r\nok'),
  lies('a header that is none', 'HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok'),
  lies('a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok'),
  lies(
    'a switch of protocols that nobody asked for',
    'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  ),
  lies(
    '200 KiB of headers',
    `HTTP/1.1 200 OK\r\n${Array.from({ length: 200 }, (_, at) => `X-${at}: ${'a'.repeat(1024)}\r\n`).join('')}Content-Length: 0\r\n\r\n`,
  ),
  lies('a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'),
  lies('a body shorter than its length breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', {
    status: 200,
    isWhole: false,
  }),
  lies('chunks that break off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n', {
    status: 200,
    isWhole: false,
  }),
  {
    title: 'a store that hangs',
    line: 'GET /signed-in/a',
    as: 'hung',
    want: {
      status: 503,
      headers: { 'Retry-After': /\d/, 'Set-Cookie': null },
      origin: null,
      withinMilliseconds: 4_000,
    },
  },
  {
    title: 'an issuer that hangs',
    line: 'GET /a',
    host: 'hung.test',
    hungIssuer: true,
    want: { status: 503, origin: null, withinMilliseconds: 4_000 },
  },
]
