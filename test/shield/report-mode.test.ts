import { describe, expect, it } from 'vitest'
import { headerOf } from '../support/gateway.ts'
import { openShielded, readableBy } from '../support/shielded.ts'

const friend = 'https://console.example.com'
const evil = 'https://evil.test'
const theirs: [string, string][] = [['access-control-allow-origin', '*']]
const origin = {
  mode: 'report',
  cors: { origins: [friend], credentials: true },
  rules: [
    { path: '/admin/*', access: { roles: ['admin'] } },
    { path: '/strict/*', access: 'signed-in', mode: 'enforce' },
    { path: '/*', methods: ['GET', 'POST'], access: 'signed-in' },
  ],
}

describe('a rule that only reports', () => {
  it('lets nobody through as nobody, and says whom it would have asked', async () => {
    const { ask, last } = await openShielded(origin)
    const asked = await ask('GET https://app.example.com/x')
    expect(asked.forwarded).toBe(true)
    expect(asked.sent.has('x-remote-user')).toBe(false)
    expect(last()).toMatchObject({ decision: 'forward', would: { reason: 'no-credential' }, reason: null })
  })

  it('drops the identity that a stranger claims', async () => {
    const { ask } = await openShielded(origin)
    for (const name of ['X-Remote-User', 'x_remote_user']) {
      const asked = await ask('GET https://app.example.com/x', { [name]: 'root' })
      expect([...asked.sent.keys()].filter((key) => /remote/.test(key))).toEqual([])
    }
  })

  it('lets through who lacks the role, and logs what was needed', async () => {
    const { ask, member, last, lines } = await openShielded(origin)
    expect((await ask('GET https://app.example.com/admin/x', member)).forwarded).toBe(true)
    expect(last()?.would).toEqual({ reason: 'not-allowed', needs: { roles: ['admin'] } })
    expect(lines.at(-1)).toContain('"would":{"reason":"not-allowed"')
  })

  it('lets a forged request through, and logs from where it came', async () => {
    const { ask, member, last } = await openShielded(origin)
    const asked = await ask('POST https://app.example.com/x', { ...member, 'sec-fetch-site': 'cross-site' })
    expect(asked.forwarded).toBe(true)
    expect(last()?.would).toEqual({ reason: 'forged', from: 'cross-site' })
  })

  it('logs what is let through even where only refusals are logged', async () => {
    const { ask, member, entries } = await openShielded(origin, { LOG: 'refused' })
    await ask('GET https://app.example.com/x', member)
    expect(entries).toHaveLength(0)
    await ask('GET https://app.example.com/x')
    expect(entries).toHaveLength(1)
  })

  it('gives ours to whom CORS allows, and leaves the upstream’s to others', async () => {
    const { ask, member, last } = await openShielded(origin)
    const allowed = await ask('GET https://app.example.com/x', { ...member, origin: friend }, theirs)
    expect(readableBy(allowed)).toBe(friend)
    expect(last()?.would).toBeNull()
    const other = await ask('GET https://app.example.com/x', { ...member, origin: evil }, theirs)
    expect(readableBy(other)).toBe('*')
    expect(headerOf(other.answer, 'vary')).toBe('Origin')
    expect(last()?.would).toEqual({ reason: 'cross-origin', from: evil, lacks: 'origin' })
  })

  it('sends a preflight that it would refuse to the upstream, bare', async () => {
    const { ask, member, last } = await openShielded(origin)
    const headers = { ...member, origin: evil, 'access-control-request-method': 'POST' }
    const asked = await ask('OPTIONS https://app.example.com/x', headers, theirs)
    expect(asked.forwarded).toBe(true)
    expect(asked.sent.has('cookie')).toBe(false)
    expect(readableBy(asked)).toBe('*')
    expect(last()?.would).toEqual({ reason: 'cross-origin', from: evil, lacks: 'origin' })
    const granted = await ask('OPTIONS https://app.example.com/x', { ...headers, origin: friend }, theirs)
    expect(granted).toMatchObject({ forwarded: false, answer: { status: 204 } })
  })

  it.each([
    ['a path that can be read twice', 'GET', '/a%2fb', {}, 400],
    ['a path with dots', 'GET', '/admin/..%2fx', {}, 400],
    ['no rule for the method', 'DELETE', '/x', {}, 404],
    ['a method that is never let through', 'TRACE', '/x', {}, 405],
    ['a session that there isn’t', 'GET', '/x', { cookie: `__Host-sallyport=v1..${'a'.repeat(43)}` }, 401],
    ['a session of no form', 'GET', '/x', { cookie: '__Host-sallyport=root' }, 401],
    ['two sessions', 'GET', '/x', { cookie: '__Host-sallyport=a; __Host-sallyport=b' }, 400],
    ['an Origin that no browser sends', 'GET', '/x', { origin: `${evil}/path` }, 400],
    ['a preflight for TRACE', 'OPTIONS', '/x', { origin: friend, 'access-control-request-method': 'TRACE' }, 403],
    [
      'a preflight where no rule is',
      'OPTIONS',
      '/x',
      { origin: friend, 'access-control-request-method': 'DELETE' },
      404,
    ],
    ['a rule beside it that enforces', 'GET', '/strict/x', {}, 401],
  ])('refuses as ever what fails for another reason: %s', async (_, method, path, headers, status) => {
    const { ask } = await openShielded(origin)
    expect(await ask(`${method} https://app.example.com${path}`, headers as Record<string, string>)).toMatchObject({
      forwarded: false,
      answer: { status },
    })
  })

  it('is off unless it is written, and takes no other word', async () => {
    const { mode: _, ...without } = origin
    const { ask } = await openShielded(without)
    expect((await ask('GET https://app.example.com/x')).forwarded).toBe(false)
    await expect(openShielded({ ...origin, mode: 'off' })).rejects.toThrow('mode')
  })
})
