import { describe, expect, it } from 'vitest'
import { makeRecord, nowhere } from '../../src/session/session.ts'
import type { Key, SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { adminSecret, at, openKept } from '../support/kept.ts'
import { testBook } from '../support/sessions.ts'

const ada = { subject: 'ada', roles: ['admin'] }

async function opened() {
  const kept = openKept()
  const make = async (who: object = ada) => {
    const response = await kept.admin('POST', '/sessions', who)
    return (await response.json()) as { cookie: string; id: string }
  }
  const status = async (cookie: string) => (await kept.ask(`GET ${at}/admin`, { cookie })).answer.status
  const end = async (what: object) => (await kept.admin('POST', '/sessions/end', what)).status
  const list = async (subject = 'ada') =>
    ((await (await kept.admin('GET', `/sessions?subject=${subject}`)).json()) as { sessions: { id: string }[] })
      .sessions
  return { ...kept, make, status, end, list }
}

describe('the admin API', () => {
  it('makes a session, lists it without its key, and ends it', async () => {
    const { make, status, list, end, lines } = await opened()
    const { cookie, id } = await make()
    expect(await status(cookie)).toBe(200)
    const [listed] = await list()
    expect(listed).toEqual({
      id,
      createdAt: 1_800_000_000,
      lastSeenAt: 1_800_000_000,
      expiresAt: 1_800_003_600,
      address: null,
      userAgent: null,
      roles: ['admin'],
    })
    expect(await end({ id })).toBe(204)
    expect([await status(cookie), await list()]).toEqual([401, []])
    for (const secret of [cookie.slice(20), adminSecret]) expect(lines.join()).not.toContain(secret)
  })

  it('ends all of a subject, and all of an issuer', async () => {
    const { make, status, end, pass } = await opened()
    const [a, b, bob] = [await make(), await make(), await make({ subject: 'bob', roles: ['admin'] })]
    expect(await end({ issuer: 'sallyport', subject: 'ada' })).toBe(204)
    expect([await status(a.cookie), await status(b.cookie), await status(bob.cookie)]).toEqual([401, 401, 200])
    expect(await end({ issuer: 'sallyport', everyone: true })).toBe(204)
    expect(await status(bob.cookie)).toBe(401)
    pass(2.001)
    expect(await status((await make()).cookie)).toBe(200)
  })

  it('ends a session that others made, when told whose it is', async () => {
    const { end } = await opened()
    expect(await end({ id: 'made-by-php' })).toBe(400)
    expect(await end({ id: 'made-by-php', issuer: 'sallyport', subject: 'ada' })).toBe(204)
  })

  it('ends a session that others made, though its id has the form of ours', async () => {
    const memory = createMemoryStore(() => 1_800_000_000)
    // as KV, Deno KV and Durable Objects do: what stands at another place is another thing
    const placed = ({ place, name }: Key): Key => ({ place, name: `${place}/${name}` })
    const store: SessionStore = {
      ...memory,
      read: (keys) => memory.read(keys.map(placed)),
      write: (key, text, ttlSeconds) => memory.write(placed(key), text, ttlSeconds),
    }
    const { admin, ask } = openKept({}, store)
    const value = `v1..${'B'.repeat(43)}`
    const status = async () => (await ask(`GET ${at}/strict`, { cookie: `__Host-sallyport=${value}` })).answer.status
    const id = 'made-by-php-and-thirty-three-long'
    const whose = { issuer: 'php', subject: 'ada' }
    const record = makeRecord({ ...whose, idleSeconds: 600, maxSeconds: 600 }, id, 1_800_000_000, nowhere)
    await store.write(await testBook.session(value), JSON.stringify(record), 600)
    expect(await status()).toBe(200)
    // by the id alone it would stand where nobody looks
    expect([(await admin('POST', '/sessions/end', { id })).status, await status()]).toEqual([400, 200])
    expect((await admin('POST', '/sessions/end', { id, ...whose })).status).toBe(204)
    expect(await status()).toBe(401)
  })

  it.each<[string, string, string, unknown]>([
    ['no subject', 'GET', '/sessions', undefined],
    ['a session of nobody', 'POST', '/sessions', {}],
    ['a key that is none', 'POST', '/sessions', { ...ada, ttl: 5 }],
    ['an issuer alone, by mistake', 'POST', '/sessions/end', { issuer: 'sallyport' }],
    ['an empty end', 'POST', '/sessions/end', {}],
    ['a denial without jti', 'POST', '/tokens/deny', { issuer: 'x' }],
    ['100 KiB', 'POST', '/sessions', { subject: 'x'.repeat(100_000) }],
  ])('says 400 to %s', async (_, method, path, body) => {
    const { admin } = await opened()
    expect((await admin(method, path, body)).status).toBe(400)
  })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['another secret', { authorization: 'Bearer wrong' }],
    ['the start of it', { authorization: `Bearer ${adminSecret.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${adminSecret}x` }],
    ['Basic', { authorization: `Basic ${adminSecret}` }],
    ['it in a cookie', { cookie: `admin=${adminSecret}` }],
  ])('says 401 to %s', async (_, headers) => {
    const { call } = await opened()
    expect((await call('GET', '/.sallyport/admin/sessions?subject=ada', headers)).status).toBe(401)
    expect(
      (await call('POST', '/.sallyport/admin/sessions/end', headers, { issuer: 'sallyport', everyone: true })).status,
    ).toBe(401)
  })

  it('answers so many calls a second, and no more', async () => {
    const { call, admin, pass } = await opened()
    const statusesOf = async (secret: string) => {
      const headers = { authorization: `Bearer ${secret}` }
      const calls = Array.from({ length: 50 }, () => call('GET', '/.sallyport/admin/sessions?subject=ada', headers))
      return (await Promise.all(calls)).map(({ status }) => status).sort()
    }
    const times = (status: number, count: number) => Array.from({ length: count }, () => status)
    expect(await statusesOf('guess')).toEqual([...times(401, 20), ...times(429, 30)])
    expect(await statusesOf(adminSecret)).toEqual([...times(200, 20), ...times(429, 30)])
    expect(await statusesOf('guess')).toEqual(times(429, 50))
    pass(1)
    expect((await admin('GET', '/sessions?subject=ada')).status).toBe(200)
  })

  it('is absent without its secret', async () => {
    const kept = openKept({ ADMIN_SECRET: adminSecret })
    expect((await kept.call('GET', '/.sallyport/admin/sessions')).status).toBe(401)
    const { gateway } = openWithout()
    const response = await gateway.endpoints.fetch(new Request(`${at}/.sallyport/admin/sessions`))
    expect(response.status).toBe(404)
  })

  it('says 503 when the store did not confirm it', async () => {
    const store = createMemoryStore(() => 1_800_000_000)
    const kept = openKept({}, { ...store, raise: () => Promise.reject(new Error('down')) })
    expect((await kept.admin('POST', '/sessions/end', { issuer: 'sallyport', subject: 'ada' })).status).toBe(503)
  })
})

const openWithout = () =>
  openTestGateway({
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'http://127.0.0.1:1',
        rules: [{ path: '/*', access: 'public' }],
      },
    ],
  })
