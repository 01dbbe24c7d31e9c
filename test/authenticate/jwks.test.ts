import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  coolDownSeconds,
  createKeyProvider,
  hardAgeSeconds,
  type KeyCache,
  type KeyProvider,
  type KeySource,
  retrySeconds,
  softAgeSeconds,
} from '../../src/authenticate/jwks.ts'
import { type KeySet, KeysUnavailable } from '../../src/authenticate/key-document.ts'
import { createTestIssuer, type TestIssuer } from '../support/issuer.ts'

const start = 1_800_000_000
const timeoutMilliseconds = 2_000
const owner = { name: 'corp', issuer: 'https://corp.example.com' }
const url = { kind: 'url', url: 'https://corp.example.com/jwks' } as const
const discovery: KeySource = { kind: 'discovery' }

let corp: TestIssuer
let now: number
let background: Promise<unknown>[]
let asked: string[]
let answers: (url: string) => Response | Promise<Response>

const waitUntil = (work: Promise<unknown>): void => void background.push(work)
const settle = async (): Promise<void> => {
  while (background.length > 0) await background.shift()
}
const json = (body: unknown, init?: ResponseInit): Response => new Response(JSON.stringify(body), init)
const hang = (): Promise<Response> => new Promise(() => undefined)

beforeEach(async () => {
  corp ??= await createTestIssuer(owner.issuer)
  now = start
  background = []
  asked = []
  answers = () => json(corp.jwks)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function open(cache?: KeyCache): KeyProvider {
  return createKeyProvider({
    async fetch(address, init) {
      asked.push(address)
      expect(init.redirect).toBe('manual')
      return answers(address)
    },
    now: () => now,
    timeoutMilliseconds,
    cache,
  })
}

/** A cache that counts, and keeps what it is given. */
function memoryCache(
  entries = new Map<string, string>(),
): KeyCache & { reads: number; writes: number; entries: Map<string, string> } {
  return {
    reads: 0,
    writes: 0,
    entries,
    async read(key) {
      this.reads += 1
      return entries.get(key) ?? null
    },
    async write(key, text, ttlSeconds) {
      expect(ttlSeconds).toBe(hardAgeSeconds)
      this.writes += 1
      entries.set(key, text)
    },
  }
}

const keys = (provider: KeyProvider, source: KeySource = url): Promise<KeySet> =>
  provider.keys(owner, source, waitUntil)
const renew = (provider: KeyProvider, tried: KeySet): Promise<KeySet | null> =>
  provider.renewedKeys(owner, url, tried, waitUntil)
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => (value === null ? 'none' : 'keys'),
    (error: unknown) => (error instanceof KeysUnavailable ? error.message : `unexpected: ${String(error)}`),
  )

describe('memory, then the shared cache, then the network', () => {
  it('asks the network once, and nobody afterwards', async () => {
    const cache = memoryCache()
    const provider = open(cache)
    const first = await keys(provider)
    await settle()
    expect(await keys(provider)).toBe(first)
    expect([asked.length, cache.reads, cache.writes]).toEqual([1, 1, 1])
  })

  it('an instance that knows nothing takes them from the shared cache', async () => {
    const cache = memoryCache()
    await keys(open(cache))
    await settle()
    await keys(open(cache))
    expect(asked).toHaveLength(1)
  })

  it('a hundred who come at once share one read and one fetch', async () => {
    const cache = memoryCache()
    const provider = open(cache)
    const found = await Promise.all(Array.from({ length: 100 }, () => keys(provider)))
    expect(new Set(found).size).toBe(1)
    expect([asked.length, cache.reads]).toEqual([1, 1])
  })

  it.each([
    ['text that is no JSON', () => '{"issuer":'],
    ['nothing', () => ''],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['a record without keys', () => record({ document: {} })],
    ['keys that are no list', () => record({ document: { keys: 'all' } })],
    ['more than a hundred keys', () => record({ document: { keys: Array(101).fill({ kty: 'RSA' }) } })],
    ['keys of another issuer', () => record({ issuer: 'https://evil.example.com' })],
    ['keys from another address', () => record({ source: 'https://old.example.com/jwks' })],
    ['keys without a time', () => record({ fetchedAt: undefined })],
    ['keys with a time of text', () => record({ fetchedAt: '1800000000' })],
    ['keys fetched in the future', () => record({ fetchedAt: start + 31 })],
    ['keys a day old', () => record({ fetchedAt: start - hardAgeSeconds })],
  ])('%s in the cache count as nothing there', async (_, text) => {
    const cache = memoryCache(new Map([['keys:corp', text()]]))
    expect(await outcome(keys(open(cache)))).toBe('keys')
    expect(asked).toHaveLength(1)
    await settle()
    await keys(open(cache))
    expect(asked).toHaveLength(1)
  })

  function record(change: object): string {
    return JSON.stringify({ issuer: owner.issuer, source: url.url, fetchedAt: start, document: corp.jwks, ...change })
  }

  it('a cache that is down is passed by, and so is one that refuses to keep', async () => {
    const down = () => Promise.reject(new Error('KV is down'))
    expect(await outcome(keys(open({ read: down, write: down })))).toBe('keys')
    await settle()
  })

  it('a cache that hangs leaves time to ask the issuer', async () => {
    const pending = outcome(keys(open({ read: () => new Promise(() => undefined), write: async () => undefined })))
    await vi.advanceTimersByTimeAsync(timeoutMilliseconds / 4)
    expect(await pending).toBe('keys')
  })

  it('inline keys are asked of nobody, and never renewed', async () => {
    const provider = open()
    const inline: KeySource = { kind: 'inline', keys: corp.jwks.keys }
    const found = await keys(provider, inline)
    expect(await provider.renewedKeys(owner, inline, found, waitUntil)).toBeNull()
    expect(asked).toEqual([])
  })
})

describe('age', () => {
  it('young keys are used as they are', async () => {
    const provider = open()
    await keys(provider)
    now += softAgeSeconds - 1
    await keys(provider)
    expect(asked).toHaveLength(1)
  })

  it('old keys are used and refreshed in the background, once', async () => {
    const provider = open()
    const first = await keys(provider)
    now += softAgeSeconds
    answers = hang
    expect(await keys(provider)).toBe(first)
    expect(await keys(provider)).toBe(first)
    expect(asked).toHaveLength(2)
  })

  it('what the background fetched is used from then on', async () => {
    const provider = open()
    const first = await keys(provider)
    now += softAgeSeconds
    await keys(provider)
    await settle()
    expect(await keys(provider)).not.toBe(first)
  })

  it('old keys from the shared cache are refreshed as well', async () => {
    const cache = memoryCache()
    await keys(open(cache))
    await settle()
    now += softAgeSeconds
    await keys(open(cache))
    await settle()
    expect([asked.length, cache.writes]).toEqual([2, 2])
  })

  it('the last good keys live for a day while the issuer is down, and not a second longer', async () => {
    const provider = open()
    await keys(provider)
    answers = () => json({}, { status: 500 })
    now = start + hardAgeSeconds - 1
    expect(await outcome(keys(provider))).toBe('keys')
    await settle()
    now = start + hardAgeSeconds
    expect(await outcome(keys(provider))).toBe('the issuer failed a moment ago')
    now += retrySeconds
    expect(await outcome(keys(provider))).toBe('the issuer answered 500')
    now += retrySeconds
    answers = () => json(corp.jwks)
    expect(await outcome(keys(provider))).toBe('keys')
  })

  it('the same holds for those in the shared cache', async () => {
    const cache = memoryCache()
    await keys(open(cache))
    await settle()
    answers = () => json({}, { status: 500 })
    now = start + hardAgeSeconds - 1
    expect(await outcome(keys(open(cache)))).toBe('keys')
    now = start + hardAgeSeconds
    expect(await outcome(keys(open(cache)))).toBe('the issuer answered 500')
  })

  it('an issuer that fails is asked once in 30 s while there are keys', async () => {
    const provider = open()
    await keys(provider)
    answers = () => json({}, { status: 500 })
    now += softAgeSeconds
    for (let second = 0; second < 60; second++, now++) {
      await keys(provider)
      await settle()
    }
    expect(asked).toHaveLength(1 + 2)
  })
})

describe('an unknown kid', () => {
  it('a flood of a thousand makes one fetch in 30 s', async () => {
    const provider = open()
    const tried = await keys(provider)
    now += coolDownSeconds
    let fresh = tried
    for (let at = 0; at < 1_000; at++) fresh = (await renew(provider, fresh)) ?? fresh
    expect(asked).toHaveLength(2)
    now += coolDownSeconds - 1
    expect(await renew(provider, fresh)).toBeNull()
    now += 1
    expect(await renew(provider, fresh)).not.toBeNull()
    expect(asked).toHaveLength(3)
  })

  it('who comes while the fetch is under way waits for it too', async () => {
    const provider = open()
    const tried = await keys(provider)
    now += coolDownSeconds
    const found = await Promise.all(Array.from({ length: 1_000 }, () => renew(provider, tried)))
    expect(found.every((set) => set !== null && set !== tried)).toBe(true)
    expect(asked).toHaveLength(2)
  })

  it('who verified with keys that were renewed meanwhile gets the new ones', async () => {
    const provider = open()
    const tried = await keys(provider)
    now += coolDownSeconds
    const renewed = await renew(provider, tried)
    expect(await renew(provider, tried)).toBe(renewed)
    expect(asked).toHaveLength(2)
  })

  it('is no verdict while the issuer is down, and costs one fetch all the same', async () => {
    const provider = open()
    const tried = await keys(provider)
    now += coolDownSeconds
    answers = () => json({}, { status: 502 })
    expect(await outcome(renew(provider, tried))).toBe('the issuer answered 502')
    expect(await outcome(renew(provider, tried))).toBe('the issuer failed a moment ago')
    expect(await outcome(keys(provider))).toBe('keys')
    expect(asked).toHaveLength(2)
  })
})

describe('an issuer that hangs', () => {
  it.each([
    ['at the keys', url],
    ['at discovery', discovery],
  ])('%s costs no more than the time-out', async (_, source) => {
    answers = hang
    const provider = open()
    const pending = outcome(keys(provider, source))
    await vi.advanceTimersByTimeAsync(timeoutMilliseconds - 1)
    expect(await Promise.race([pending, 'waiting'])).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(await pending).toMatch('did not answer in time')
  })

  it('hangs together with the cache: no more than the time-out either', async () => {
    answers = hang
    const pending = outcome(keys(open({ read: () => new Promise(() => undefined), write: async () => undefined })))
    await vi.advanceTimersByTimeAsync(timeoutMilliseconds)
    expect(await pending).toMatch('did not answer in time')
  })

  it('is left alone for 5 s, and asked again then', async () => {
    answers = hang
    const provider = open()
    const pending = outcome(keys(provider))
    await vi.advanceTimersByTimeAsync(timeoutMilliseconds)
    await pending
    now += timeoutMilliseconds / 1000
    answers = () => json(corp.jwks)
    expect(await outcome(keys(provider))).toBe('the issuer failed a moment ago')
    now += retrySeconds
    expect(await outcome(keys(provider))).toBe('keys')
    expect(asked).toHaveLength(2)
  })
})

describe('what an issuer publishes', () => {
  const document = { issuer: owner.issuer, jwks_uri: 'https://keys.example.com/jwks' }

  it('is found by discovery', async () => {
    answers = (address) => json(address.includes('openid') ? document : corp.jwks)
    expect(await outcome(keys(open(), discovery))).toBe('keys')
    expect(asked).toEqual(['https://corp.example.com/.well-known/openid-configuration', document.jwks_uri])
  })

  it.each([
    ['names another issuer', { ...document, issuer: 'https://evil.example.com' }, 'names another issuer'],
    ['names the issuer with a slash', { ...document, issuer: `${owner.issuer}/` }, 'names another issuer'],
    ['names no issuer', { jwks_uri: document.jwks_uri }, 'names another issuer'],
    ['names no keys', { issuer: owner.issuer }, 'has no jwks_uri'],
    ['names keys by number', { ...document, jwks_uri: 7 }, 'has no jwks_uri'],
    ['names keys by a path', { ...document, jwks_uri: '/jwks' }, 'has no jwks_uri'],
    ['names keys without TLS', { ...document, jwks_uri: 'http://corp.example.com/jwks' }, 'not https'],
    ['names keys in a file', { ...document, jwks_uri: 'file:///etc/passwd' }, 'not https'],
    ['brings keys along as data', { ...document, jwks_uri: 'data:application/json,{"keys":[]}' }, 'not https'],
    ['is null', null, 'names another issuer'],
  ])('a discovery document that %s is refused, and no keys are fetched', async (_, found, message) => {
    answers = () => json(found)
    expect(await outcome(keys(open(), discovery))).toMatch(message)
    expect(asked).toHaveLength(1)
  })

  it.each<[string, () => Response, string]>([
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com' } }),
      'answered 302',
    ],
    ['404', () => new Response('not here', { status: 404 }), 'answered 404'],
    ['204', () => new Response(null, { status: 204 }), 'answered 204'],
    ['a page', () => new Response('<!doctype html>'), 'did not answer in JSON'],
    ['nothing', () => new Response(''), 'did not answer in JSON'],
    ['null', () => json(null), 'no key set'],
    ['a list', () => json([]), 'no key set'],
    ['keys that are no list', () => json({ keys: {} }), 'no key set'],
    ['101 keys', () => json({ keys: Array(101).fill({ kty: 'RSA' }) }), 'more than 100 keys'],
    ['256 KiB and a byte', () => new Response(`${' '.repeat(262_144)}1`), 'larger than 262144 bytes'],
    ['a stream without end', endless, 'larger than 262144 bytes'],
  ])('%s for keys are no keys', async (_, answer, message) => {
    answers = answer
    expect(await outcome(keys(open()))).toMatch(message)
  })

  it('256 KiB and 100 keys are taken', async () => {
    answers = () => new Response(JSON.stringify({ keys: Array(100).fill({ kty: 'RSA' }) }).padEnd(262_144))
    expect(await outcome(keys(open()))).toBe('keys')
  })

  it('a secret or a private key among them is nobody, and the others still count', async () => {
    const [rsa] = corp.jwks.keys
    answers = () =>
      json({
        keys: [
          { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' },
          { ...rsa, d: 'AA', kid: 'private' },
          null,
          7,
          [],
          { kty: 7 },
          rsa,
        ],
      })
    const found = await keys(open())
    await expect(found({ alg: 'HS256', kid: 'oct' })).rejects.toThrow()
    await expect(found({ alg: 'RS256', kid: 'private' })).rejects.toThrow()
    expect(await found({ alg: 'RS256', kid: 'kid-RS256' })).toMatchObject({ type: 'public', usages: ['verify'] })
  })

  it('says nothing of what was read in its error', async () => {
    answers = () => new Response('{"k":"very-secret')
    expect(await outcome(keys(open()))).not.toContain('secret')
  })

  function endless(): Response {
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }))
  }
})
