import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { compile, type Gateway } from '../src/route/compile.ts'
import { describeProblem, type Problem } from '../src/route/problem.ts'
import { readSettings, type Settings } from '../src/settings.ts'

const origin = {
  name: 'app',
  host: 'app.example.com',
  upstream: 'https://app.example.net',
  rules: [{ path: '/*', access: 'public' }],
}

function gatewayOf(change: object = {}): Gateway {
  const compiled = compile({ origins: [{ ...origin, ...change }] }, {})
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}

function read(environment: Record<string, unknown>, change?: object): Settings | readonly Problem[] {
  const settings = readSettings(environment, gatewayOf(change))
  return settings.ok ? settings.value : settings.error
}

async function assertionKey(kid = 'one'): Promise<object> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid }
}

it('nothing needs to be set', () => {
  expect(read({})).toEqual({
    sessionStore: 'none',
    storeTimeoutMilliseconds: 2_000,
    keysTimeoutMilliseconds: 2_000,
    providerTimeoutMilliseconds: 5_000,
    sealingKeys: [],
    log: 'all',
    logSubject: 'plain',
    publicScheme: null,
    assertionKeys: [],
    csrfKeys: [],
    assertionIssuer: 'sallyport',
    placeKey: 'sallyport: not a secret',
    upstash: null,
    session: {
      idleSeconds: 3_600,
      maxSeconds: 43_200,
      rememberSeconds: 2_592_000,
      mostPerSubject: null,
      unknownPerSecond: 1_000,
    },
    adminSecret: null,
    vouchSecret: null,
    gatewayName: 'sallyport',
    checkSecret: null,
  })
})

it('what is no setting is no business of ours', () => {
  expect(read({ PATH: '/bin', SESSIONS: {} })).toMatchObject({ log: 'all' })
})

describe('a good value', () => {
  it.each<[string, unknown, keyof Settings, unknown]>([
    ['SESSION_STORE', 'kv', 'sessionStore', 'kv'],
    ['SESSION_STORE', 'memory', 'sessionStore', 'memory'],
    ['STORE_TIMEOUT_MS', '1', 'storeTimeoutMilliseconds', 1],
    ['STORE_TIMEOUT_MS', 60_000, 'storeTimeoutMilliseconds', 60_000],
    ['KEYS_TIMEOUT_MS', '500', 'keysTimeoutMilliseconds', 500],
    ['LOG', 'refused', 'log', 'refused'],
    ['LOG', 'off', 'log', 'off'],
    ['PUBLIC_SCHEME', 'https', 'publicScheme', 'https'],
    ['ASSERTION_ISSUER', 'https://gate.example.com', 'assertionIssuer', 'https://gate.example.com'],
  ])('of %s, %j, is taken', (name, value, setting, expected) => {
    expect(read({ [name]: value })).toMatchObject({ [setting]: expected })
  })

  it('of ASSERTION_KEY is one key, or a list of them', async () => {
    const [one, two] = [await assertionKey(), await assertionKey('two')]
    expect(read({ ASSERTION_KEY: JSON.stringify(one) })).toMatchObject({ assertionKeys: [one] })
    expect(read({ ASSERTION_KEY: JSON.stringify([one, two]) })).toMatchObject({ assertionKeys: [one, two] })
  })
})

describe('a bad value', () => {
  it.each<[string, unknown]>([
    ['SESSION_STORE', ''],
    ['SESSION_STORE', 'KV'],
    ['SESSION_STORE', 'redis'],
    ['SESSION_STORE', '__proto__'],
    ['STORE_TIMEOUT_MS', ''],
    ['STORE_TIMEOUT_MS', ' '],
    ['STORE_TIMEOUT_MS', '0'],
    ['STORE_TIMEOUT_MS', '-1'],
    ['STORE_TIMEOUT_MS', '1.5'],
    ['STORE_TIMEOUT_MS', '1e3'],
    ['STORE_TIMEOUT_MS', '0x10'],
    ['STORE_TIMEOUT_MS', '2s'],
    ['STORE_TIMEOUT_MS', '60001'],
    ['STORE_TIMEOUT_MS', 'Infinity'],
    ['STORE_TIMEOUT_MS', true],
    ['STORE_TIMEOUT_MS', null],
    ['KEYS_TIMEOUT_MS', '0'],
    ['LOG', 'true'],
    ['LOG', ''],
    ['PUBLIC_SCHEME', 'HTTPS'],
    ['PUBLIC_SCHEME', 'https:'],
    ['ASSERTION_ISSUER', ''],
    ['ASSERTION_KEY', ''],
  ])('of %s, %j, is named, shown and mended', (name, value) => {
    const problems = read({ [name]: value })
    expect(problems).toMatchObject([{ file: 'environment', path: name, value: JSON.stringify(value) }])
    expect(problems).toMatchObject([{ fix: expect.stringMatching(/^(?:write|make) /) }])
  })

  it.each<[string, (key: object) => string]>([
    ['no JSON', () => 'very-secret'],
    ['an empty list', () => '[]'],
    ['a public key', (key) => JSON.stringify({ ...key, d: undefined })],
    ['a key without kid', (key) => JSON.stringify({ ...key, kid: undefined })],
    ['a key of another curve', (key) => JSON.stringify({ ...key, crv: 'P-384' })],
    ['an RSA key', (key) => JSON.stringify({ ...key, kty: 'RSA' })],
    ['a shared secret', () => '{"kty":"oct","k":"very-secret","kid":"one"}'],
    ['a key that was cut off', (key) => JSON.stringify({ ...key, d: 'very-secret' })],
    ['two keys of one kid', (key) => JSON.stringify([key, key])],
    ['a good key and a bad one', (key) => JSON.stringify([key, { kid: 'very-secret' }])],
  ])('of ASSERTION_KEY, %s, is named and never shown', async (_, text) => {
    const key = { ...(await assertionKey()), note: 'very-secret' }
    const problems = read({ ASSERTION_KEY: text(key) })
    expect(problems).toMatchObject([{ path: 'ASSERTION_KEY', value: 'a secret, not shown' }])
    expect(JSON.stringify(problems)).not.toContain('very-secret')
  })

  it('does not hide another', () => {
    const problems = read({ LOG: 'loud', SESSION_STORE: 'redis', STORE_TIMEOUT_MS: '0' })
    expect(problems).toMatchObject([{ path: 'SESSION_STORE' }, { path: 'STORE_TIMEOUT_MS' }, { path: 'LOG' }])
  })
})

describe('what the routes ask for', () => {
  it.each([
    ['sessions', { session: true }, 'SESSION_STORE'],
    ['assertions', { identity: { headers: {}, assertion: true } }, 'ASSERTION_KEY'],
    [
      'assertions in a rule',
      { rules: [{ path: '/*', access: 'public', identity: { headers: {}, assertion: true } }] },
      'ASSERTION_KEY',
    ],
  ])('%s: and the settings must give it', (_, change, name) => {
    const problems = read({}, change)
    expect(problems).toMatchObject([{ path: name, message: expect.stringContaining('"app"') }])
  })

  it('a log without names has a key of its own for them', () => {
    expect(read({ LOG_SUBJECT: 'pseudonym' })).toMatchObject([{ path: 'PLACE_KEY' }])
    expect(read({ LOG_SUBJECT: 'pseudonym', PLACE_KEY: 'k'.repeat(32) })).toMatchObject({ logSubject: 'pseudonym' })
  })

  it('is said in one line that can be acted on', () => {
    const [problem] = read({}, { session: true }) as readonly Problem[]
    expect(problem && describeProblem(problem)).toBe(
      'environment: SESSION_STORE: not set, and the origin "app" reads sessions; write kv or durable-object (Workers), upstash, deno-kv (Deno), memory (one process), or none',
    )
  })
})
