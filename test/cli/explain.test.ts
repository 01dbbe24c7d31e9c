import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestIssuer } from '../support/issuer.ts'
import { makeFolder, sallyport, sallyportProcess } from './support.ts'

let folder: ReturnType<typeof makeFolder>
let token: string

beforeAll(async () => {
  const issuer = await createTestIssuer()
  token = await issuer.token({ roles: ['staff'] })
  const corp = {
    issuer: issuer.issuer,
    audience: 'https://api.example.com',
    algorithms: ['RS256'],
    jwks: issuer.jwks,
    roles: 'roles',
  }
  const app = {
    name: 'app',
    host: 'app.example.com',
    upstream: 'https://legacy.example.net',
    session: true,
    bearer: ['corp'],
    signIn: 'https://sign-in.example.com/',
    paths: { encodedSlash: true },
    identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } },
    cors: { origins: ['https://console.example.com'], credentials: true },
    rules: [
      { path: '/assets/*', methods: ['GET'], access: 'public' },
      { path: '/admin/*', access: { roles: ['admin'] } },
      { path: '/*', access: 'signed-in' },
    ],
  }
  const other = { ...app, name: 'other', host: '*.example.org', rules: [{ path: '/*', access: 'signed-in' }] }
  folder = makeFolder({
    'routes/index.ts': `import app from './app.ts'
import other from './other.ts'
export default { issuers: ${JSON.stringify({ corp })}, origins: [app, other] }`,
    'routes/app.ts': `export default ${JSON.stringify(app)}`,
    'routes/other.ts': `export default ${JSON.stringify(other)}`,
    'admin.json': '{ "subject": "ada", "roles": ["admin"] }',
    'token.json': '{ "sub": "robot", "roles": "admin, staff" }',
    'elsewhere.json': '{ "sub": "robot", "iss": "https://evil.example.net" }',
  })
})
afterAll(() => folder.end())

const explain = async (...args: string[]) => {
  const ran = await sallyport(['explain', '--json', ...args], {
    cwd: folder.path,
    environment: { SESSION_STORE: 'memory' },
  })
  expect(ran).toMatchObject({ code: 0, err: '' })
  return JSON.parse(ran.out)
}
const host = 'https://app.example.com'

describe('explain decides as the gateway does', () => {
  test.each([
    ['no credential', ['GET', `${host}/admin`], { decision: 'refuse', reason: 'no-credential', status: 401 }],
    ['a public rule', ['GET', `${host}/assets/a.css`], { decision: 'forward', status: null, principal: null }],
    ['a method that the rule has not', ['POST', `${host}/assets/a`], { decision: 'refuse', status: 401 }],
    ['a host in another case, with a port', ['GET', 'https://APP.example.com:8443/assets/a'], { decision: 'forward' }],
    ['a host that nobody claims', ['GET', 'https://nobody.example/'], { reason: 'no-host', status: 404, origin: null }],
    ['a wildcard host', ['GET', 'https://a.b.example.org/'], { origin: 'other', reason: 'no-credential' }],
    [
      'a path that is not normalised',
      ['GET', `${host}/assets/../admin`],
      { reason: 'ambiguous-path', status: 400, pathFault: 'dot segment' },
    ],
    ['an encoded dot segment', ['GET', `${host}/assets/%2e%2e/admin`], { reason: 'ambiguous-path', status: 400 }],
    ['a backslash', ['GET', `${host}/assets\\..\\admin`], { pathFault: 'backslash', status: 400 }],
    ['a fragment', ['GET', `${host}/assets/#x`], { pathFault: 'fragment', status: 400 }],
    ['TRACE', ['TRACE', `${host}/assets/a`], { reason: 'method-refused', status: 405 }],
    [
      'a navigation',
      ['GET', `${host}/admin`, '-H', 'Accept: text/html'],
      { status: 303, answer: { location: expect.stringContaining('https://sign-in.example.com/?return_to=') } },
    ],
    [
      'the administrator',
      ['GET', `${host}/admin`, '--as', 'admin.json'],
      { decision: 'forward', principal: { kind: 'session', subject: 'ada', roles: ['admin'] } },
    ],
    [
      'a supposed token',
      ['GET', `${host}/admin`, '--as', 'token.json'],
      { decision: 'forward', principal: { kind: 'bearer', subject: 'robot', roles: ['admin', 'staff'] } },
    ],
    [
      'a supposed token of a strange issuer',
      ['GET', `${host}/`, '--as', 'elsewhere.json'],
      { reason: 'bad-token', status: 401 },
    ],
    [
      'a supposed session that posts from elsewhere',
      ['POST', `${host}/`, '--as', 'admin.json', '-H', 'Origin: https://evil.example'],
      { reason: 'forged', status: 403 },
    ],
    [
      'a token that verifies nowhere',
      ['GET', `${host}/`, '-H', 'Authorization: Bearer a.b.c'],
      { reason: 'bad-token', status: 401 },
    ],
    ['Basic', ['GET', `${host}/`, '-H', 'Authorization: Basic YQ=='], { reason: 'bad-token', status: 401 }],
    [
      'a preflight',
      [
        'OPTIONS',
        `${host}/admin`,
        '-H',
        'Origin: https://console.example.com',
        '-H',
        'Access-Control-Request-Method: PUT',
      ],
      { decision: 'preflight', status: 204, answer: { 'access-control-allow-methods': 'PUT' } },
    ],
    ['an address of its own', ['GET', `${host}/.sallyport/health`], { decision: 'own', status: 200, forward: null }],
    ['an address of its own that is none', ['GET', `${host}/.sallyport/nothing`], { decision: 'own', status: 404 }],
  ])('%s', async (_, args, expected) => {
    expect(await explain(...args)).toMatchObject(expected)
  })

  test('a real token is verified', async () => {
    const given = ['-H', `Authorization: Bearer ${token}`]
    expect(await explain('GET', `${host}/`, ...given)).toMatchObject({
      decision: 'forward',
      principal: { subject: 'user-0', roles: ['staff'] },
    })
    expect(await explain('GET', `${host}/admin`, ...given)).toMatchObject({
      reason: 'not-allowed',
      status: 403,
      principal: { subject: 'user-0' },
    })
    const tampered = ['-H', `Authorization: Bearer ${token.slice(0, -8)}AAAAAAAA`]
    expect(await explain('GET', `${host}/`, ...tampered)).toMatchObject({ reason: 'bad-token', status: 401 })
  })
})

describe('explain says why', () => {
  test('of each rule: host, method, path', async () => {
    const { rules } = await explain('POST', `${host}/assets/a`)
    expect(rules).toMatchObject([
      {
        origin: 'app',
        rule: 0,
        hostMatches: true,
        methodMatches: false,
        pathMatches: [true],
        decided: false,
        why: expect.stringContaining('POST'),
      },
      { origin: 'app', rule: 1, hostMatches: true, methodMatches: true, pathMatches: [false], decided: false },
      { origin: 'app', rule: 2, hostMatches: true, methodMatches: true, pathMatches: [true], decided: true },
      { origin: 'other', rule: 0, hostMatches: false, methodMatches: null, pathMatches: [], decided: false },
    ])
  })

  test('of each reading of a path that has several', async () => {
    const { rules, readings, pathFault, reason } = await explain('GET', `${host}/x%2Fy`)
    expect(readings).toEqual([['x/y'], ['x', 'y']])
    expect({ pathFault, reason }).toEqual({ pathFault: null, reason: 'no-credential' })
    expect(rules[2].pathMatches).toEqual([true, true])
    const split = await explain('GET', `${host}/admin%2Fy`)
    expect(split).toMatchObject({ reason: 'ambiguous-path', refusal: { fault: 'readings differ' }, status: 400 })
    expect(split.rules[1]).toMatchObject({
      pathMatches: [false, true],
      why: expect.stringContaining('only 1 of the 2'),
    })
  })

  test('which headers are dropped, cut and set, even one that is forged to the very value', async () => {
    const forged = [
      '-H',
      'X-Remote-User: ada',
      '-H',
      'X_Remote_Roles: admin',
      '-H',
      'X-Forwarded-Proto: https',
      '-H',
      'Connection: x-remote-user',
      '-H',
      'Cookie: theme=dark',
      '-H',
      'Accept: */*',
    ]
    const { forward } = await explain('GET', `${host}/admin/a?b=/../c`, '--as', 'admin.json', ...forged)
    expect(forward).toMatchObject({ url: 'https://legacy.example.net/admin/a?b=/../c', binding: null, method: 'GET' })
    expect(forward.headers.dropped.toSorted()).toEqual([
      'connection',
      'x-forwarded-proto',
      'x-remote-user',
      'x_remote_roles',
    ])
    expect(forward.headers.changed).toEqual(['cookie'])
    expect(forward.headers.set).toContainEqual(['x-remote-user', 'ada'])
    expect(forward.headers.set).toContainEqual(['x-remote-roles', 'admin'])
    expect(forward.headers.set).toContainEqual(['x-forwarded-proto', 'https'])
    expect(JSON.stringify(forward)).not.toContain('x-explained')
  })

  test('for people', async () => {
    const ran = await sallyport(['explain', 'GET', `${host}/admin`], {
      cwd: folder.path,
      environment: { SESSION_STORE: 'memory' },
    })
    expect(ran.out).toContain('decision          refuse: no-credential')
    expect(ran.out).toContain('routes/app.ts')
    expect(ran.out).toMatch(/rules\[1\] +\/admin\/\* +any +role admin +yes: the first that matches/)
  })
})

describe('explain refuses', () => {
  test.each([
    [['--as', 'admin.json', '--session', 'session:x'], '--as stands for a credential'],
    [['--as', 'admin.json', '-H', 'Authorization: Bearer a'], '--as stands for a credential'],
    [['--session', 'session:x'], "can't be read from here; use --as FILE"],
  ])('%j', async (args, message) => {
    const ran = await sallyport(['explain', 'GET', `${host}/`, ...args], {
      cwd: folder.path,
      environment: { SESSION_STORE: 'memory' },
    })
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(message)
  })

  test('routes that would not start, with the findings', async () => {
    const ran = await sallyport(['explain', 'GET', `${host}/`, '--json'], { cwd: folder.path })
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.out)).toMatchObject({ ok: false, findings: [{ path: 'SESSION_STORE' }] })
  })
})

test('the process prints JSON and nothing else', async () => {
  const ran = await sallyportProcess(['explain', 'GET', 'https://app.example.com/admin', '--json'])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toMatchObject({ decision: 'refuse', reason: 'no-credential', status: 401 })
})
