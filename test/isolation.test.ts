import { describe, expect, it } from 'vitest'
import { makeSession } from '../src/session/session.ts'
import type { SessionStore } from '../src/session/store.ts'
import { openTestGateway } from './support/gateway.ts'
import { originOf } from './support/routes.ts'

const at = 'https://app.example.com'
const people = ['ann', 'bob', 'eve', 'dan'] as const
const identity = { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } }

/** A store that answers in an order of its own, long after it was asked. */
function slowStore(records: ReadonlyMap<string, string>, delays: () => number): SessionStore {
  return {
    promises: { consistency: 'strong', atomic: true, stalenessSeconds: 0 },
    async read(key) {
      await new Promise((resolve) => setTimeout(resolve, delays()))
      return records.get(key) ?? null
    },
    write: async () => undefined,
    delete: async () => undefined,
  }
}

/** The same cookies mean other people here: `realm` is who vouches for them. */
async function openRealm(realm: string, sessions: readonly { key: string; subject: string }[], delays: () => number) {
  const records = new Map<string, string>()
  for (const { key, subject } of sessions) {
    const { record } = await makeSession(
      { subject: `${subject}@${realm}`, roles: subject === 'ann' ? ['admin'] : [realm], ttlSeconds: 600 },
      Date.now() / 1000,
    )
    records.set(key, JSON.stringify(record))
  }
  const routes = {
    origins: [
      originOf(
        [
          { path: '/public/*', access: 'public' },
          { path: '/optional/*', access: 'optional' },
          { path: '/strict/*', access: 'signed-in', freshness: 0 },
          { path: '/admin/*', access: { roles: ['admin'] } },
          { path: '/*', access: 'signed-in' },
        ],
        { identity },
      ),
    ],
  }
  return openTestGateway(routes, { SESSION_STORE: 'memory' }, { store: slowStore(records, delays) })
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
    const made = await Promise.all(
      people.map(async (subject) => ({ subject, ...(await makeSession({ subject, ttlSeconds: 600 }, 0)) })),
    )
    const delays = (): number => Math.floor(random() * 12)
    const realms = ['north', 'south'] as const
    const gateways = { north: await openRealm('north', made, delays), south: await openRealm('south', made, delays) }

    const asked = Array.from({ length: 600 }, async (_, index) => {
      const realm = realms[Math.floor(random() * 2)] ?? 'north'
      const person = made[Math.floor(random() * 5)]
      const path = ['public', 'optional', 'strict', 'admin', 'other'][Math.floor(random() * 5)] ?? 'other'
      await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 60)))
      const headers = {
        'x-mark': `mark-${index}`,
        'x-remote-user': 'root',
        ...(person && { cookie: `__Host-sallyport=${person.cookie}` }),
      }
      const { answer, forwarded, sent } = await gateways[realm].ask(`GET ${at}/${path}/${index}`, headers)
      const name = person && path !== 'public' ? `${person.subject}@${realm}` : undefined
      const isIn =
        path === 'public' || path === 'optional' || (person && (path !== 'admin' || person.subject === 'ann'))
      expect([index, forwarded, answer.status]).toEqual([index, Boolean(isIn), isIn ? 200 : person ? 403 : 401])
      if (isIn) {
        expect([sent.get('x-mark'), sent.get('x-remote-user')]).toEqual([`mark-${index}`, name])
        expect(sent.get('x-remote-roles')).toBe(name && (person?.subject === 'ann' ? 'admin' : realm))
        expect(sent.get('x-request-id')).toBe(answer.headers.find(([header]) => header === 'x-request-id')?.[1])
      }
      return answer.headers.find(([header]) => header === 'x-request-id')?.[1]
    })
    const ids = await Promise.all(asked)
    expect(new Set(ids).size).toBe(600)

    for (const realm of realms) {
      const { entries } = gateways[realm]
      const others = entries.filter(({ subject }) => subject !== null && !subject.endsWith(`@${realm}`))
      expect(others).toEqual([])
    }
    expect(gateways.north.entries.length + gateways.south.entries.length).toBeLessThanOrEqual(600)
    expect(JSON.stringify([gateways.north.lines, gateways.south.lines])).not.toMatch(/v1\.\.[\w-]{43}/)
  })
})
