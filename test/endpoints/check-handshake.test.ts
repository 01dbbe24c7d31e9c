/** A handshake that another proxy asks about: it comes without `Upgrade`. */

import { expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { originOf } from '../support/routes.ts'
import { laySession } from '../support/sessions.ts'

const now = 1_800_000_000
const store = createMemoryStore(() => now)
const secret = 'the-secret-of-the-proxy-in-front-of-it'
const routes = {
  origins: [originOf([{ path: '/*', access: 'signed-in' }])],
}
const { gateway } = openTestGateway(
  routes,
  { SESSION_STORE: 'memory', CHECK_SECRET: secret },
  { store, now: () => now },
)

async function ask(uri: string, more: Record<string, string>): Promise<number> {
  const headers = {
    'x-sallyport-secret': secret,
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example.com',
    'x-forwarded-uri': uri,
    ...more,
  }
  const answer = await gateway.endpoints.fetch(new Request('http://gateway.test/.sallyport/check', { headers }))
  return answer.status
}

it.each([
  ['https://evil.app.example.com', 403],
  ['https://app.example.com', 200],
])('judges a handshake of %s though the proxy kept `Upgrade` to itself', async (origin, status) => {
  const { cookie } = await laySession(store, { subject: 'ann', ttlSeconds: 60 }, now)
  const handshake = { cookie: `__Host-sallyport=${cookie}`, origin, 'sec-websocket-version': '13' }
  expect(await ask('/chat', handshake)).toBe(status)
})
