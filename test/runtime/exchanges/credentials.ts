/** Who is let in, who isn't, and what each is told. */

import type { Exchange } from '../exchange.ts'

const html = ['Accept', 'text/html'] as const

export const credentials: readonly Exchange[] = [
  {
    title: 'no credential, for a program',
    line: 'GET /signed-in/a?token=x',
    want: {
      status: 401,
      headers: {
        'WWW-Authenticate': /^Bearer realm="app"/,
        'Content-Type': 'application/problem+json',
        'X-Sallyport': 'refused',
        'Cache-Control': 'no-store',
      },
      body: /"status":401/,
      origin: null,
    },
  },
  {
    title: 'no credential, for a person',
    line: 'GET /signed-in/a?b=c',
    headers: [html],
    want: {
      status: 303,
      headers: { Location: '/public/login?return_to=%2Fsigned-in%2Fa%3Fb%3Dc' },
      body: '',
      origin: null,
    },
  },
  { title: 'a session', line: 'GET /signed-in/a', as: 'member', want: { status: 200, body: 'ok' } },
  { title: 'a session without the role', line: 'GET /admin/a', as: 'member', want: { status: 403, origin: null } },
  { title: 'a session with the role', line: 'GET /admin/a', as: 'admin', want: { status: 200 } },
  {
    title: 'a token',
    line: 'GET /signed-in/a',
    token: {},
    want: { status: 200, origin: { headers: { 'X-Remote-User': 'user-0', Authorization: null } } },
  },
  {
    title: 'a token that has expired',
    line: 'GET /signed-in/a',
    token: { exp: 1 },
    want: { status: 401, headers: { 'WWW-Authenticate': /error="invalid_token"/ }, origin: null },
  },
  {
    title: 'a token for others',
    line: 'GET /signed-in/a',
    token: { aud: 'https://other.example.com' },
    want: { status: 401, origin: null },
  },
  {
    title: 'a token decides alone: a good session beside it is not read',
    line: 'GET /signed-in/a',
    as: 'member',
    token: { exp: 1 },
    want: { status: 401, origin: null },
  },
  {
    title: 'a token without the scope',
    line: 'GET /scoped/a',
    token: {},
    want: { status: 403, headers: { 'WWW-Authenticate': /insufficient_scope.*scope="write"/ } },
  },
  {
    title: 'bearer in another case',
    line: 'GET /signed-in/a',
    headers: [['Authorization', 'bearer x.y.z']],
    want: { status: [400, 401], origin: null },
  },
  {
    title: 'two Authorization headers',
    line: 'GET /signed-in/a',
    headers: [
      ['Authorization', 'Bearer x.y.z'],
      ['Authorization', 'Bearer a.b.c'],
    ],
    want: { status: [0, 400, 401], origin: null },
  },
  {
    title: 'a token of 100 KiB',
    line: 'GET /signed-in/a',
    headers: [['Authorization', `Bearer ${'a'.repeat(102_400)}`]],
    why: "Deno's server refuses it before any code runs",
    want: { status: [0, 400, 431], origin: null },
  },
  {
    title: 'a malformed cookie of ours',
    line: 'GET /signed-in/a',
    headers: [['Cookie', '__Host-sallyport=x']],
    want: { status: 401, origin: null },
  },
  {
    title: 'the cookie twice',
    line: 'GET /signed-in/a',
    as: 'member',
    headers: [['Cookie', '__Host-sallyport=v1..AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']],
    want: { status: 400, origin: null },
  },
  {
    title: 'a cookie name after a no-break space',
    line: 'GET /signed-in/a',
    headers: [['Cookie', '\u00a0__Host-sallyport=v1..AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']],
    want: { status: [0, 400, 401], origin: null },
  },
  {
    title: 'optional: nobody',
    line: 'GET /optional/a',
    want: { status: 200, origin: { headers: { 'X-Remote-User': null } } },
  },
  {
    title: 'optional: somebody',
    line: 'GET /optional/a',
    as: 'member',
    want: { status: 200, origin: { headers: { 'X-Remote-User': 'user-0' } } },
  },
  {
    title: 'optional: a bad token is not nobody',
    line: 'GET /optional/a',
    token: { exp: 1 },
    want: { status: 401, origin: null },
  },
  {
    title: 'a post from elsewhere',
    line: 'POST /signed-in/a',
    as: 'member',
    body: 'x=1',
    headers: [
      ['Origin', 'https://evil.test'],
      ['Sec-Fetch-Site', 'cross-site'],
    ],
    want: { status: 403, origin: null },
  },
  {
    title: 'a post of our own page',
    line: 'POST /signed-in/a',
    as: 'member',
    body: 'x=1',
    headers: [['Sec-Fetch-Site', 'same-origin']],
    want: { status: 200, origin: { body: 'x=1' } },
  },
  {
    title: 'a preflight',
    line: 'OPTIONS /signed-in/a',
    headers: [
      ['Origin', 'https://console.test'],
      ['Access-Control-Request-Method', 'PUT'],
    ],
    want: {
      status: 204,
      headers: { 'Access-Control-Allow-Origin': 'https://console.test', 'Access-Control-Allow-Methods': 'PUT' },
      origin: null,
    },
  },
  {
    title: 'a preflight for the upstream brings back its headers, and none of a page that knows no OPTIONS',
    line: 'OPTIONS /own-cors/a',
    as: 'member',
    headers: [
      ['Origin', 'https://console.test'],
      ['Access-Control-Request-Method', 'PUT'],
    ],
    reply: 'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://x.test\r\nContent-Length: 6\r\n\r\nsecret',
    want: {
      status: 200,
      headers: { 'Access-Control-Allow-Origin': 'https://x.test' },
      body: '',
      origin: { headers: { Cookie: null, 'X-Remote-User': null } },
    },
  },
  {
    title: 'a refusal that a page of an allowed origin can read',
    line: 'GET /signed-in/a',
    headers: [['Origin', 'https://console.test']],
    want: { status: 401, headers: { 'Access-Control-Allow-Origin': 'https://console.test', Vary: 'Origin' } },
  },
  {
    title: 'TRACK',
    line: 'TRACK /public/a',
    want: { status: [400, 405, 501], origin: null },
    why: 'the servers of workerd and Node know no such method; Deno asks the gateway, which refuses',
  },
  { title: 'TRACE', line: 'TRACE /public/a', want: { status: [0, 400, 405, 501], origin: null } },
  {
    title: 'CONNECT',
    line: 'CONNECT app.test:443',
    want: { status: [0, 400, 404, 405, 501], origin: null },
    why: "a Worker without a connect() handler isn't even asked, and neither is the gateway on Node",
    on: { workerd: { status: 500, origin: null } },
  },
  {
    title: 'a method that the rule has not',
    line: 'DELETE /reads/a',
    as: 'member',
    want: { status: 404, origin: null },
  },
  {
    title: 'where a client finds the issuer, by the challenge',
    line: 'GET /scoped/a',
    want: {
      status: 401,
      headers: {
        'WWW-Authenticate':
          'Bearer realm="app", resource_metadata="http://app.test/.well-known/oauth-protected-resource/scoped"',
      },
    },
  },
  {
    title: 'where a client finds the issuer, whatever the rules say',
    line: 'GET /.well-known/oauth-protected-resource/scoped',
    headers: [['Origin', 'https://anywhere.test']],
    want: {
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*', 'Cache-Control': /max-age/ },
      body: /^\{"resource":"http:\/\/app\.test\/scoped","authorization_servers":\["http:[^"]+"\],"scopes_supported":\["write"\]/,
      origin: null,
    },
  },
  {
    title: 'where a client finds the issuer, without the body',
    line: 'HEAD /.well-known/oauth-protected-resource',
    want: { status: 200, headers: { 'Content-Type': 'application/json' }, body: '', origin: null },
  },
  {
    title: 'where a client finds the issuer, asked for in advance',
    line: 'OPTIONS /.well-known/oauth-protected-resource',
    headers: [
      ['Origin', 'https://anywhere.test'],
      ['Access-Control-Request-Method', 'GET'],
      ['Access-Control-Request-Headers', 'mcp-protocol-version'],
    ],
    want: {
      status: 204,
      headers: { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' },
      origin: null,
    },
  },
  {
    title: 'where a client finds the issuer, of a resource that there isn’t',
    line: 'GET /.well-known/oauth-protected-resource/elsewhere',
    want: { status: 404, origin: null },
  },
  {
    title: 'an origin that takes no tokens says for itself who issues its own',
    line: 'GET /.well-known/oauth-protected-resource?a',
    host: 'loose.test',
    want: { status: 200, body: 'ok', origin: { line: 'GET /.well-known/oauth-protected-resource?a' } },
  },
  {
    title: 'a token that is no JWT, and that its issuer knows',
    line: 'GET /a',
    host: 'opaque.test',
    headers: [['Authorization', 'Bearer opaque-0']],
    want: { status: 200, origin: { headers: { 'X-Remote-User': 'machine-0', Authorization: null } } },
  },
  {
    title: 'a token that is no JWT, and that its issuer does not know',
    line: 'GET /a',
    host: 'opaque.test',
    headers: [['Authorization', 'Bearer opaque-1']],
    want: { status: 401, headers: { 'WWW-Authenticate': /error="invalid_token"/ }, origin: null },
  },
  {
    title: 'a token that is no JWT, and an issuer that says nothing',
    line: 'GET /a',
    host: 'opaque.test',
    headers: [['Authorization', 'Bearer opaque-hung']],
    want: { status: 503, headers: { 'Retry-After': '5' }, origin: null, withinMilliseconds: 4_000 },
  },
  {
    title: 'a token that is no JWT where nobody is asked',
    line: 'GET /signed-in/a',
    headers: [['Authorization', 'Bearer opaque-0']],
    want: { status: 401, origin: null },
  },
  { title: 'health', line: 'GET /.sallyport/health', want: { status: 200, body: 'ok\n', origin: null } },
]
