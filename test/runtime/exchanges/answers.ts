/** What the origin's answer becomes on its way to the client. */

import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Exchange } from '../exchange.ts'

const text = 'Sallyport lets out what came in. '.repeat(200)

const answer = (head: string, body = ''): string =>
  `HTTP/1.1 ${head}\r\n${body && !/content-length/i.test(head) ? `Content-Length: ${body.length}\r\n` : ''}\r\n${body}`

const encoded = (encoding: string, bytes: Buffer): Exchange => ({
  title: `${encoding} passes byte for byte`,
  line: 'GET /public/a',
  headers: [['Accept-Encoding', 'gzip, br, zstd']],
  reply: Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: ${encoding}\r\nETag: "x"\r\nVary: Accept-Encoding\r\nContent-Length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ]),
  want: {
    status: 200,
    headers: { 'Content-Encoding': encoding, ETag: '"x"', Vary: /^Accept-Encoding\b/ },
    body: bytes.toString('latin1'),
    origin: { headers: { 'Accept-Encoding': 'gzip, br, zstd' } },
  },
})

export const answers: readonly Exchange[] = [
  {
    title: 'an answer for one person says nothing to shared caches by another name',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer(
      '200 OK\r\nCache-Control: public\r\nCDN-Cache-Control: public, max-age=600\r\nSurrogate-Control: max-age=600',
      'me',
    ),
    want: {
      status: 200,
      headers: { 'Cache-Control': 'private', 'CDN-Cache-Control': null, 'Surrogate-Control': null },
    },
  },
  {
    title: 'what a second Connection header names goes no further',
    line: 'GET /public/a',
    reply: answer('200 OK\r\nConnection: keep-alive\r\nConnection: X-Hop\r\nX-Hop: 1', 'ok'),
    want: { status: 200, headers: { 'X-Hop': null } },
  },
  encoded('gzip', gzipSync(text)),
  encoded('br', brotliCompressSync(text)),
  encoded('zstd', zstdCompressSync(text)),
  {
    title: 'gzip that is none is passed as it is: nobody here reads it',
    line: 'GET /public/a',
    headers: [['Accept-Encoding', 'gzip']],
    reply: 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nno gzip!',
    want: { status: 200, headers: { 'Content-Encoding': 'gzip' }, body: 'no gzip!' },
  },
  {
    title: 'gzip to a client that asked for none is passed as it is',
    line: 'GET /public/a',
    reply: Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipSync(text).length}\r\n\r\n`),
      gzipSync(text),
    ]),
    want: { status: 200, headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(text).toString('latin1') },
  },
  ...[301, 302, 303, 307, 308].map(
    (status): Exchange => ({
      title: `a ${status} is the client's to follow`,
      line: 'GET /public/a',
      reply: answer(`${status} Go\r\nLocation: /public/b\r\nContent-Length: 0`),
      want: { status, headers: { Location: '/public/b' }, origin: { count: 1 } },
    }),
  ),
  {
    title: 'HEAD',
    line: 'HEAD /public/a',
    reply: answer('200 OK\r\nContent-Length: 1234\r\nETag: "x"'),
    want: {
      status: 200,
      headers: { 'Content-Length': '1234', ETag: '"x"' },
      body: '',
      origin: { line: 'HEAD /public/a' },
    },
  },
  {
    title: '204',
    line: 'DELETE /public/a',
    reply: answer('204 No Content'),
    want: { status: 204, headers: { 'Transfer-Encoding': null }, body: '' },
  },
  {
    title: '304',
    line: 'GET /public/a',
    headers: [['If-None-Match', '"x"']],
    reply: answer('304 Not Modified\r\nETag: "x"'),
    want: { status: 304, headers: { ETag: '"x"' }, body: '', origin: { headers: { 'If-None-Match': '"x"' } } },
  },
  {
    title: '206',
    line: 'GET /public/a',
    headers: [['Range', 'bytes=1-2']],
    reply: answer('206 Partial Content\r\nContent-Range: bytes 1-2/4\r\nContent-Length: 2', 'bc'),
    want: { status: 206, headers: { 'Content-Range': 'bytes 1-2/4', 'Content-Length': '2' }, body: 'bc' },
  },
  {
    title: 'many Set-Cookie, in order, but not ours',
    line: 'GET /public/a',
    reply: answer(
      '200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT\r\nSet-Cookie: a=3\r\nSet-Cookie: __Host-sallyport=evil; Path=/; Secure\r\nContent-Length: 0',
    ),
    want: {
      status: 200,
      headers: { 'Set-Cookie': ['a=1; Path=/', 'b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'a=3'] },
    },
  },
  {
    title: 'hop-by-hop answers go no further',
    line: 'GET /public/a',
    reply: answer(
      '200 OK\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Sallyport: refused\r\nX-Stays: 1\r\nContent-Length: 2',
      'ok',
    ),
    want: {
      status: 200,
      headers: { 'X-Hop': null, 'Proxy-Authenticate': null, Upgrade: null, 'X-Sallyport': null, 'X-Stays': '1' },
      body: 'ok',
    },
  },
  {
    title: 'a private answer stays private',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer('200 OK\r\nCache-Control: public, max-age=60\r\nContent-Length: 0'),
    want: { status: 200, headers: { 'Cache-Control': 'private, max-age=60' } },
  },
  {
    title: 'a private answer that said nothing is not stored',
    line: 'GET /signed-in/a',
    as: 'member',
    want: { status: 200, headers: { 'Cache-Control': 'no-store' } },
  },
  {
    title: 'an error for one person is not stored',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer('500 Oops\r\nContent-Length: 4', 'oops'),
    want: { status: 500, headers: { 'Cache-Control': 'no-store' }, body: 'oops' },
  },
  {
    title: 'an error that everybody may store is for one person still',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer('404 Gone\r\nCache-Control: public, max-age=60\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT', 'gone'),
    want: { status: 404, headers: { 'Cache-Control': 'private, max-age=60', Expires: null }, body: 'gone' },
  },
  {
    title: 'an answer that a browser may keep varies by who asked, beside what the origin says',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer('200 OK\r\nCache-Control: max-age=60\r\nVary: Accept-Encoding, cookie', 'me'),
    want: {
      status: 200,
      headers: { 'Cache-Control': 'private, max-age=60', Vary: /^Accept-Encoding, Cookie, Authorization\b/ },
    },
  },
  {
    title: 'an answer that varies by everything does so still',
    line: 'GET /signed-in/a',
    as: 'member',
    reply: answer('200 OK\r\nCache-Control: max-age=60\r\nVary: *', 'me'),
    want: { status: 200, headers: { Vary: '*' } },
  },
  {
    title: 'what an origin clears it clears, but for our cookie',
    line: 'GET /public/a',
    reply: answer('200 OK\r\nClear-Site-Data: "cache", "cookies", "storage"', 'ok'),
    want: { status: 200, headers: { 'Clear-Site-Data': '"cache", "storage"' } },
  },
  {
    title: 'an origin that clears everything clears what is its own',
    line: 'GET /public/a',
    reply: answer('200 OK\r\nClear-Site-Data: "*"', 'ok'),
    want: { status: 200, headers: { 'Clear-Site-Data': '"cache", "storage", "executionContexts"' } },
  },
  {
    title: 'an origin that clears cookies alone clears nothing',
    line: 'GET /public/a',
    reply: answer('200 OK\r\nClear-Site-Data: "cookies"', 'ok'),
    want: { status: 200, headers: { 'Clear-Site-Data': null } },
  },
  {
    title: 'chunks',
    line: 'GET /public/a',
    reply: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n',
    want: { status: 200, body: 'abcde' },
  },
  {
    title: 'what stands behind the chunks of an answer is no header, and cuts nothing off',
    line: 'GET /public/a',
    reply: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n2\r\nab\r\n0\r\nX-Late: 1\r\n\r\n',
    want: { status: 200, headers: { 'X-Late': null, Trailer: null }, body: 'ab' },
  },
  {
    title: 'a body that ends with the connection',
    line: 'GET /public/a',
    async reply(_, socket) {
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end')
    },
    want: { status: 200, body: 'until the end' },
  },
  {
    title: 'interim answers are not the answer',
    line: 'GET /public/a',
    reply:
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    want: { status: 200, body: 'ok' },
  },
  {
    title: "an error of the origin's own is its own",
    line: 'GET /public/a',
    reply: answer('500 Oops\r\nContent-Length: 4', 'oops'),
    want: { status: 500, headers: { 'X-Sallyport': null }, body: 'oops' },
  },
  {
    title: 'latin1 in a header',
    line: 'GET /public/a',
    reply: answer('200 OK\r\nX-Name: caf\u00e9\r\nContent-Length: 0'),
    want: { status: [200, 502] },
  },
]
for (const row of answers)
  if (typeof row.reply === 'string') Object.assign(row, { reply: Buffer.from(row.reply, 'latin1') })
