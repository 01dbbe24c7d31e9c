import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { console, friend } from './world/routes.ts'
import { app, evil, lacksPrograms, sibling, startWorld, type World } from './world/world.ts'

let world: World
const pages = new Map<string, Page>()
beforeAll(async () => {
  if (!lacksPrograms) world = await startWorld()
})
afterAll(() => world?.stop())

/** A page of that origin, signed in at the application. */
async function pageOf(origin: string): Promise<Page> {
  const page = pages.get(origin) ?? (await world.open(`${origin}/`))
  pages.set(origin, page)
  return page
}

interface Seen {
  readonly status: number
  readonly total: string | null
  readonly hidden: string | null
}

/** What a page of that origin gets to see, or null: nothing. */
async function look(origin: string, path: string, init: Record<string, unknown> = {}): Promise<Seen | null> {
  const page = await pageOf(origin)
  return page.evaluate(`fetch(${JSON.stringify(path.startsWith('http') ? path : app + path)}, ${JSON.stringify(init)}).then(
    async (answer) => (await answer.text(), { status: answer.status, total: answer.headers.get('x-total'), hidden: answer.headers.get('x-hidden') }),
    () => null)`) as Promise<Seen | null>
}

const credentialed = { credentials: 'include' }
const custom = { headers: { 'X-Custom': '1' } }

describe.skipIf(lacksPrograms)('CORS in Chromium', () => {
  it.each<[string, string, string, Record<string, unknown>, number | null]>([
    ['a simple request of a friend', friend, '/open/x', {}, 200],
    ['a simple request of a stranger', evil, '/open/x', {}, null],
    ['of one whose name only begins alike', 'https://console.friend.test.evil.test', '/open/x', {}, null],
    ['of another under the friend’s domain', 'https://other.friend.test', '/open/x', {}, null],
    ['anyone’s, where anyone may', evil, '/anyone/x', {}, 200],
    ['anyone’s with credentials, where anyone may without', evil, '/anyone/x', credentialed, null],
    ['a preflighted header of a friend', friend, '/open/x', custom, 200],
    ['a preflighted header that isn’t allowed', friend, '/open/x', { headers: { 'X-Other': '1' } }, null],
    ['a preflighted header of a stranger', evil, '/open/x', custom, null],
    ['a preflighted method of a friend', friend, '/api/x', { ...credentialed, method: 'PUT' }, 401],
    ['a preflighted method that isn’t allowed', friend, '/api/x', { ...credentialed, method: 'DELETE' }, null],
    ['a method that no rule takes', friend, '/only-get/x', { method: 'PUT' }, null],
    ['a refusal is readable', friend, '/api/x', credentialed, 401],
    ['a refusal by a stranger isn’t', evil, '/api/x', credentialed, null],
    ['an error is readable', friend, '/open/error', {}, 500],
    ['a path that can be read twice: the refusal', friend, '/open/%2e%2e%2fapi', {}, null],
    ['the upstream contradicts, and a friend reads', friend, '/open/contradict', {}, 200],
    ['the upstream contradicts, and a stranger doesn’t', evil, '/open/contradict', {}, null],
    ['nothing is written, and the upstream says yes', evil, '/login/contradict', {}, null],
    ['the upstream owns it, and allows', 'https://partner.test', '/theirs/own', {}, 200],
    [
      'the upstream owns it, and allows a header',
      'https://partner.test',
      '/theirs/own',
      { headers: { 'X-Partner': '1' } },
      200,
    ],
    ['the upstream owns it, and doesn’t', evil, '/theirs/own', {}, null],
    ['it leads away, to where nobody may read', friend, '/open/away', {}, null],
    [
      'another site leads here: the origin is null',
      friend,
      `${evil}/?to=${encodeURIComponent(`${app}/open/x`)}`,
      {},
      null,
    ],
    ['of someone signed in, by a console of the same site', console, '/api/x', credentialed, 200],
    ['its unsafe request too: who may read may write', console, '/api/x', { ...credentialed, method: 'PUT' }, 200],
    ['not its method that isn’t allowed', console, '/api/x', { ...credentialed, method: 'DELETE' }, null],
    ['a sibling that isn’t named, though its cookie travels', sibling, '/api/x', credentialed, null],
    ['a whole family, one label down', 'https://a.family.test', '/api/x', credentialed, 401],
  ])('%s (%s %s)', async (_, origin, path, init, status) => {
    expect((await look(origin, path, init))?.status ?? null).toBe(status)
  })

  it('shows the headers that are exposed, and hides the others', async () => {
    expect(await look(friend, '/api/x', credentialed)).toMatchObject({ total: null, hidden: null })
    expect(await look(console, '/api/x', credentialed)).toMatchObject({ total: '42', hidden: null })
    const same = await world.open(`${app}/login`)
    const direct = await same.evaluate(`fetch('/api/x').then((answer) => answer.headers.get('x-hidden'))`)
    expect(direct).toBe('43')
  })

  it('asks no preflight of the application, and lets none of a stranger reach it', async () => {
    const reached = await world.reached('/open/x')
    expect(reached.filter(({ method }) => method === 'OPTIONS')).toEqual([])
    expect((await world.reached('/api/x')).filter(({ method }) => method === 'DELETE')).toEqual([])
    expect((await world.reached('/theirs/own')).some(({ method }) => method === 'OPTIONS')).toBe(true)
  })
})
