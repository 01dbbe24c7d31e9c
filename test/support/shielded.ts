/** A gateway of one origin, as the shield's tests want it: rules in hand, one person signed in. */

import type { LogEntry } from '../../src/log-entry.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { type Asked, headerOf, openTestGateway, type TestGateway } from './gateway.ts'
import { laySession } from './sessions.ts'

export interface Shielded extends TestGateway {
  /** The cookie of someone with the role `member`. */
  readonly member: { readonly cookie: string }
  last(): LogEntry | undefined
}

export const self = 'https://app.example.com'

/** @param origin what the origin says besides name, host and upstream */
export async function openShielded(
  origin: Record<string, unknown>,
  environment: Record<string, string> = {},
): Promise<Shielded> {
  const now = () => Date.now() / 1000
  const store = createMemoryStore(now)
  const made = await laySession(store, { subject: 'maria', roles: ['member'], ttlSeconds: 3600 }, now())
  const routes = {
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'http://127.0.0.1:1',
        session: true,
        identity: { headers: { 'X-Remote-User': 'subject' } },
        rules: [{ path: '/*', access: 'signed-in' }],
        ...origin,
      },
    ],
  }
  const opened = openTestGateway(routes, { SESSION_STORE: 'memory', ...environment }, { store, now })
  return {
    ...opened,
    member: { cookie: `__Host-sallyport=${made.cookie}` },
    last: () => opened.entries.at(-1),
  }
}

/** The answer in one line: who may read it, or its status alone. */
export const readableBy = ({ answer }: Asked): string | null => headerOf(answer, 'access-control-allow-origin')
