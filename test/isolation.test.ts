import { describe, expect, it } from 'vitest'
import type { SessionStore } from '../src/session/store.ts'
import { createMemoryStore } from '../src/session/stores/memory.ts'
import { openTestGateway } from './support/gateway.ts'
import { originOf } from './support/routes.ts'
import { laySession } from './support/sessions.ts'

const at = 'https://app.example.com'
const people = ['ann', 'bob', 'eve', 'dan'] as const
const realms = ['north', 'south'] as const
const identity = { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } }
const now = (): number => Date.now() / 1000
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Answers in an order of its own, long after it was asked. */
const slowed = (store: SessionStore, delay: () => number): SessionStore => ({
  ...store,
  async read(keys) {
    await wait(delay())
    return store.read(keys)
  },
})

async function openRealm(realm: string, delay: () => number) {
  const store = createMemoryStore(now)
  const cookies = new Map<string, string>()
  for (const subject of people) {
    const roles = subject === 'ann' ? ['admin'] : [realm]
    const { cookie } = await laySession(store, { subject: `${subject}@${realm}`, roles, ttlSeconds: 600 }, now())
    cookies.set(subject, cookie)
  }
  const rules = [
    { path: '/public/*', access: 'public' },
    { path: '/optional/*', access: 'optional' },
    { path: '/strict/*', access: 'signed-in', freshness: 0 },
    { path: '/admin/*', access: { roles: ['admin'] } },
    { path: '/*', access: 'signed-in' },
  ] as const
  const routes = { origins: [originOf(rules.slice(), { identity })] }
  return { ...openTestGateway(routes, { SESSION_STORE: 'memory' }, { store: slowed(store, delay) }), cookies }
}

/** Numbers that jump about, the same on every run. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

describe('two gateways, and requests of different people that overlap', () => {
  it('each answer is the asker’s own, from the gateway that was asked', async () => {
    const random = sequence(7)
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
    const delay = (): number => Math.floor(random() * 12)
    const gateways = { north: await openRealm('north', delay), south: await openRealm('south', delay) }

    const asked = Array.from({ length: 600 }, async (_, index) => {
      const [realm, home] = [pick(realms) ?? 'north', pick(realms) ?? 'north']
      const person = pick([...people, null])
      const path = pick(['public', 'optional', 'strict', 'admin', 'other']) ?? 'other'
      const cookie = person ? gateways[home].cookies.get(person) : undefined
      await wait(Math.floor(random() * 60))
      const { answer, forwarded, sent } = await gateways[realm].ask(`GET ${at}/${path}/${index}`, {
        'x-mark': `mark-${index}`,
        'x-remote-user': 'root',
        ...(cookie && { cookie: `__Host-sallyport=${cookie}` }),
      })
      const id = answer.headers.find(([header]) => header === 'x-request-id')?.[1]
      expect([index, path, person, answer.status]).toEqual([
        index,
        path,
        person,
        statusFor(path, person, realm === home),
      ])
      expect(forwarded).toBe(answer.status === 200)
      if (!forwarded) return id
      const isNamed = person && path !== 'public'
      expect(sent.get('x-mark')).toBe(`mark-${index}`)
      expect(sent.get('x-remote-user')).toBe(isNamed ? `${person}@${realm}` : undefined)
      expect(sent.get('x-remote-roles')).toBe(isNamed ? (person === 'ann' ? 'admin' : realm) : undefined)
      expect(sent.get('x-request-id')).toBe(id)
      return id
    })
    expect(new Set(await Promise.all(asked)).size).toBe(600)

    for (const realm of realms) {
      const { entries, lines, cookies } = gateways[realm]
      expect(entries.filter(({ subject }) => subject !== null && !subject.endsWith(`@${realm}`))).toEqual([])
      for (const cookie of cookies.values()) expect(lines.join()).not.toContain(cookie)
    }
  })
})

function statusFor(path: string, person: string | null | undefined, isHome: boolean): number {
  if (path === 'public') return 200
  if (!person) return path === 'optional' ? 200 : 401
  if (!isHome) return 401
  return path === 'admin' && person !== 'ann' ? 403 : 200
}
