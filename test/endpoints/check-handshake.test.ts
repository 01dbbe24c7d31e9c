/** A handshake that another proxy asks about: it comes without `Upgrade`. */

import { expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { check, checkSecret } from '../support/check.ts'
import { openTestGateway } from '../support/gateway.ts'
import { originOf } from '../support/routes.ts'
import { laySession } from '../support/sessions.ts'

const now = 1_800_000_000
const store = createMemoryStore(() => now)
const routes = {
  origins: [originOf([{ path: '/*', access: 'signed-in' }])],
}
const opened = openTestGateway(
  routes,
  { SESSION_STORE: 'memory', CHECK_SECRET: checkSecret },
  { store, now: () => now },
)

it.each([
  ['https://evil.app.example.com', 403],
  ['https://app.example.com', 200],
])('judges a handshake of %s though the proxy kept `Upgrade` to itself', async (origin, status) => {
  const { cookie } = await laySession(store, { subject: 'ann', ttlSeconds: 60 }, now)
  const handshake = { cookie: `__Host-sallyport=${cookie}`, origin, 'sec-websocket-version': '13' }
  expect((await check(opened, '/chat', handshake)).status).toBe(status)
})
