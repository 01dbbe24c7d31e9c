/** What is sent: raw requests with the headers of a browser, one kind for each scenario. */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { exportJWK, type JWK, SignJWT } from 'jose'
import { createMemoryStore } from '../src/session/stores/memory.ts'
import { requestText } from '../test/support/http.ts'
import { type Laid, laySession } from '../test/support/sessions.ts'
import { bigBytes } from './origin.ts'

/** So many tokens and sessions in turn, where a scenario is about many. */
export const many = 20_000
const lifeSeconds = 7_200

export interface Credentials {
  readonly jwks: { readonly keys: readonly JWK[] }
  readonly hmacSecret: string
  /** The first is the warm one. */
  readonly sessions: readonly Laid[]
  readonly token: (algorithm: Algorithm) => Promise<string>
  readonly tokens: () => readonly string[]
}

type Algorithm = 'RS256' | 'ES256' | 'EdDSA' | 'HS256'

export type RequestKind = keyof ReturnType<typeof kindsOf>

/** @param sessionCount how many sessions to lay: more than one takes a while */
export async function makeCredentials(sessionCount: number): Promise<Credentials> {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  }
  const hmacSecret = randomBytes(32).toString('base64url')
  const keys = Object.entries(pairs).map(async ([alg, { publicKey }]) => ({
    ...(await exportJWK(publicKey)),
    kid: alg,
    alg,
    use: 'sig',
  }))
  const now = Math.floor(Date.now() / 1000)
  const store = createMemoryStore(() => now)
  const sessions: Laid[] = []
  for (let at = 0; at < sessionCount; at++)
    sessions.push(await laySession(store, { ...person(at), ttlSeconds: lifeSeconds }, now))
  return {
    jwks: { keys: await Promise.all(keys) },
    hmacSecret,
    sessions,
    token: (algorithm) =>
      algorithm === 'HS256'
        ? jwt('HS256', 'https://hmac.bench.test').sign(Buffer.from(hmacSecret))
        : jwt(algorithm, 'https://issuer.bench.test').sign(pairs[algorithm].privateKey),
    tokens: () => Array.from({ length: many }, (_, at) => signed(at, now, pairs.RS256.privateKey)),
  }
}

const person = (at: number) => ({
  subject: `user-${at}`,
  roles: ['staff', 'editor'],
  claims: { email: `user${at}@example.com`, name: `User ${at}` },
})

const claimsOf = (at: number) => ({ sub: `user-${at}`, roles: ['staff', 'editor'], ...person(at).claims })

const jwt = (alg: Algorithm, issuer: string): SignJWT =>
  new SignJWT(claimsOf(0))
    .setProtectedHeader({ alg, ...(alg !== 'HS256' && { kid: alg }) })
    .setIssuer(issuer)
    .setAudience('bench')
    .setIssuedAt()
    .setExpirationTime(`${lifeSeconds}s`)

/** Twenty thousand of them: by hand, which takes half the time. */
function signed(at: number, now: number, key: KeyObject): string {
  const text = `${encode({ alg: 'RS256', kid: 'RS256' })}.${payload(at, now)}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

/** Right in all but the signature. */
const unsigned = (at: number, now: number): string =>
  `${encode({ alg: 'RS256', kid: 'RS256' })}.${payload(at, now)}.${randomBytes(256).toString('base64url')}`

const payload = (at: number, now: number): string =>
  encode({ ...claimsOf(at), iss: 'https://issuer.bench.test', aud: 'bench', iat: now, exp: now + lifeSeconds })

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

type Headers = readonly (readonly [string, string])[]

/** What a browser sends with the load of a page. */
const browser: Headers = [
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.7'],
  ['Cache-Control', 'max-age=0'],
  ['Priority', 'u=0, i'],
  ['Referer', 'http://plain.test/some/page?with=query'],
  ['Sec-Ch-Ua', '"Chromium";v="140", "Not=A?Brand";v="24"'],
  ['Sec-Ch-Ua-Mobile', '?0'],
  ['Sec-Ch-Ua-Platform', '"Linux"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Upgrade-Insecure-Requests', '1'],
]

const get = (path: string, host = 'plain.test', more: Headers = []): string =>
  requestText(`GET ${path}`, host, [...browser, ...more])
const post = (path: string, body: string): string =>
  requestText(`POST ${path}`, 'sink.test', [...browser, ['Content-Type', 'text/plain']], body)
const bearer = (token: string): string => get('/s/1k', 'plain.test', [['Authorization', `Bearer ${token}`]])
const session = ({ cookie }: Laid, host = 'plain.test', more: Headers = []): string =>
  get('/s/1k', host, [['Cookie', `theme=dark; __Host-sallyport=${cookie}; lang=en`], ...more])

/** Each kind makes its requests when it is asked for them. */
export function kindsOf({ sessions, token, tokens }: Credentials) {
  const now = Math.floor(Date.now() / 1000)
  const [first] = sessions
  if (!first) throw new Error('one session at least')
  return {
    page: () => [get('/p/1k')],
    page64k: () => [get('/p/64k')],
    big: () => [get('/p/big')],
    post1k: () => [post('/p/1k', 'x'.repeat(1024))],
    post64k: () => [post('/p/64k', 'x'.repeat(65_536))],
    /** The head alone: whoever sends it sends the body too. */
    bigPost: () => [requestText('POST /p/big', 'sink.test', [...browser, ['Content-Length', String(bigBytes)]], '')],
    anonymous: () => [get('/s/1k')],
    rs256: async () => [bearer(await token('RS256'))],
    es256: async () => [bearer(await token('ES256'))],
    eddsa: async () => [bearer(await token('EdDSA'))],
    hs256: async () => [bearer(await token('HS256'))],
    tokens20k: () => tokens().map(bearer),
    badSignatures: () => Array.from({ length: many }, (_, at) => bearer(unsigned(at, now))),
    session: () => [session(first)],
    sessions20k: () => sessions.map((one) => session(one)),
    shield: () => [session(first, 'shield.test'), session(first, 'shield.test', [['Origin', 'https://console.test']])],
    preflight: () => [
      requestText('OPTIONS /s/1k', 'shield.test', [
        ...browser,
        ['Origin', 'https://console.test'],
        ['Access-Control-Request-Method', 'POST'],
        ['Access-Control-Request-Headers', 'content-type'],
      ]),
    ],
    rules10: () => [get('/p/1k', 'rules10.test')],
    rules100: () => [get('/p/1k', 'rules100.test')],
    rules1000: () => [get('/p/1k', 'rules1000.test')],
  }
}
