import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Begun } from '../../src/begun.ts'
import type { Head } from '../../src/head.ts'
import { openShielded, self } from '../support/shielded.ts'

const friend = 'https://console.example.com'
const cors = {
  origins: [friend, 'https://*.family.test'],
  credentials: true,
  headers: ['X-Custom'],
  expose: ['X-Total'],
}
/** The same doors twice: once with the shield, once with as little of it as there can be. */
const doors: readonly [
  path: string,
  methods: string[] | undefined,
  access: unknown,
  shield: Record<string, unknown>,
][] = [
  ['/public/*', undefined, 'public', { cors, headers: 'strict' }],
  ['/anyone/*', ['GET', 'HEAD', 'POST'], 'public', { cors: { origins: '*' } }],
  ['/theirs/*', undefined, 'signed-in', { cors: 'upstream' }],
  ['/optional/*', undefined, 'optional', { cors, csrf: { origins: [friend] } }],
  ['/reads/*', ['GET'], 'signed-in', { headers: { csp: { directives: { 'script-src': ["'self'"] }, nonce: true } } }],
  ['/token/*', undefined, 'signed-in', { csrf: { token: true }, cors: 'none' }],
  ['/admin/*', undefined, { roles: ['admin'] }, { cors, csrf: { siblings: true } }],
  ['/a/*', undefined, 'signed-in', { cors, headers: { preset: 'strict', remove: ['X-Old'] } }],
]
const environment = { CSRF_KEY: Buffer.alloc(32, 7).toString('base64url'), LOG: 'off' }
const shielded = await openShielded(
  { rules: doors.map(([path, methods, access, shield]) => ({ path, methods, access, ...shield })) },
  environment,
)
const bare = await openShielded(
  { headers: {}, csrf: 'exempt', rules: doors.map(([path, methods, access]) => ({ path, methods, access })) },
  { LOG: 'off' },
)

const theirs: [string, string][] = [
  ['access-control-allow-origin', 'https://upstream.test'],
  ['Access-Control-Allow-Credentials'.toLowerCase(), 'upstream'],
  ['access-control-expose-headers', 'X-Upstream'],
  ['access-control-whatever', 'upstream'],
  ['content-type', 'text/html'],
  ['vary', 'Accept'],
  ['set-cookie', 'a=1'],
  ['set-cookie', 'b=2; Path=/'],
  ['set-cookie', 'a=3'],
]

const pick = <T>(...values: T[]) => fc.constantFrom(...values)
const origins = pick(
  undefined,
  undefined,
  self,
  friend,
  'https://a.family.test',
  'null',
  'https://evil.test',
  'https://evil-family.test',
  'https://family.test',
  `${friend}.evil.test`,
  `${friend}/`,
  `${friend}, ${self}`,
  'HTTPS://CONSOLE.EXAMPLE.COM',
)
const requests = fc.record({
  method: pick('GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'OPTIONS', 'TRACE', 'get', 'FROB'),
  path: fc.tuple(
    pick('/public', '/anyone', '/theirs', '/optional', '/reads', '/token', '/admin', '/a', '/nowhere', ''),
    pick('/x', '/x', '/x', '', '/', '//', '/..', '/%2e%2e/admin', '/a%2fb', '/x?y=1', '/;x'),
  ),
  cookie: pick('none', 'member', 'member', 'unknown', 'twice', 'malformed'),
  headers: fc.record({
    origin: origins,
    referer: pick(undefined, undefined, `${self}/x`, 'https://evil.test/', self, 'x'),
    'sec-fetch-site': pick(undefined, undefined, 'same-origin', 'same-site', 'cross-site', 'none', 'x', ''),
    'access-control-request-method': pick(undefined, 'GET', 'PUT', 'DELETE', 'TRACE', 'put', '', 'GET, PUT'),
    'access-control-request-headers': pick(undefined, undefined, 'x-custom', 'x-other', ',', 'x y'),
    'content-type': pick(undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain'),
    upgrade: pick(undefined, undefined, undefined, undefined, 'websocket'),
    'x-remote-user': pick(undefined, 'root'),
  }),
})
type Asked = typeof requests extends fc.Arbitrary<infer T> ? T : never

function headOf({ method, path, cookie, headers }: Asked, member: string): Head {
  const jar = {
    none: undefined,
    member,
    unknown: `__Host-sallyport=v1..${'a'.repeat(43)}`,
    twice: `${member}; ${member}`,
    malformed: '__Host-sallyport=x',
  }
  const bag = new Headers()
  for (const [name, value] of Object.entries({ ...headers, cookie: jar[cookie as keyof typeof jar] }))
    if (value !== undefined) bag.set(name, value)
  return {
    method,
    scheme: 'https',
    host: 'app.example.com',
    target: path.join('') || '/',
    headers: bag,
    clientAddress: null,
  }
}

const ignore = (): void => undefined
const sentBy = (begun: Extract<Begun, { kind: 'forward' }>): string =>
  JSON.stringify([
    begun.plan.url,
    begun.plan.method,
    begun.plan.headers.filter(([name]) => !/^(?:x-request-id|traceparent|accept-encoding|cookie)$/.test(name)),
  ])

/** Where a request with a session comes from, told apart from the code that decides it. */
function isOurs({ headers: { origin, referer, 'sec-fetch-site': site } }: Asked, path: string): boolean {
  const may = path.startsWith('/optional') || path.startsWith('/admin') || /^\/a(?:\/|$)/.test(path)
  if (origin !== undefined && may && [friend, 'https://a.family.test'].includes(origin)) return true
  if (site !== undefined)
    return site === 'same-origin' || site === 'none' || (site === 'same-site' && path.startsWith('/admin'))
  if (origin !== undefined) return origin === self
  return referer === self || referer === `${self}/x`
}

async function compare(asked: Asked): Promise<string> {
  const [mine, other] = await Promise.all([
    shielded.gateway.begin(headOf(asked, shielded.member.cookie), ignore),
    bare.gateway.begin(headOf(asked, bare.member.cookie), ignore),
  ])
  const path = asked.path.join('')
  const isTheirs = path.startsWith('/theirs')
  const answer =
    mine.kind === 'answer'
      ? mine.answer
      : mine.kind === 'forward'
        ? mine.finish({ status: 200, headers: theirs }).answer
        : null
  expect(answer?.status, 'no fault of ours').not.toBe(500)
  if (answer && !isTheirs) {
    const leaked = answer.headers.filter(
      ([name, value]) => name.startsWith('access-control') && /upstream/i.test(value),
    )
    expect(leaked, "nothing of the upstream's CORS").toEqual([])
  }
  if (mine.kind === 'answer') {
    if (mine.answer.status >= 400) expect(mine.answer.headers.filter(([name]) => name === 'set-cookie')).toEqual([])
    return 'answered'
  }
  if (mine.kind === 'held') {
    expect(other.kind, 'held only what would pass').toBe('forward')
    expect(path.startsWith('/token')).toBe(true)
    return 'held'
  }
  if (mine.plan.isBare) {
    expect(isTheirs, 'a bare preflight goes only where the upstream owns CORS').toBe(true)
    expect(mine.plan.headers.filter(([name]) => /cookie|authorization|remote/.test(name))).toEqual([])
    return 'bare'
  }
  expect(other.kind, 'what is refused without the shield is refused with it').toBe('forward')
  if (other.kind === 'forward') expect(sentBy(mine)).toBe(sentBy(other))
  const cookies = answer?.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value.slice(0, 3))
  expect(cookies, 'every Set-Cookie').toEqual(['a=1', 'b=2', 'a=3'])
  const isOwned = !isTheirs && !path.startsWith('/reads') && !path.startsWith('/token')
  if (isOwned) expect(answer?.headers.find(([name]) => name === 'vary')?.[1]).toContain('Origin')
  const { method, cookie, headers } = asked
  const isGuarded = cookie === 'member' && !path.startsWith('/public') && !path.startsWith('/anyone')
  const isUnsafe = !['GET', 'HEAD', 'OPTIONS'].includes(method) || headers.upgrade !== undefined
  if (isGuarded && isUnsafe) expect(isOurs(asked, path), 'no forged request').toBe(true)
  return 'forwarded'
}

it('adds to what is refused, and takes nothing away: 100,000 random requests', async () => {
  const counts = new Map<string, number>()
  const seed = Math.floor(Math.random() * 2 ** 31)
  for (const asked of fc.sample(requests, { numRuns: 100_000, seed })) {
    const what = await compare(asked).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${JSON.stringify(asked)}`, { cause: error })
    })
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(100_000)
  expect(counts.get('forwarded')).toBeGreaterThan(5_000)
  expect(counts.get('bare')).toBeGreaterThan(100)
}, 900_000)
