/** `npm start`: a legacy app, an issuer, the gateway in front of both, two sessions; Ctrl-C ends it all. */

import type { Server } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { openLocalKv } from '../../src/cli/local-kv.ts'
import { createAddressBook } from '../../src/session/address.ts'
import { cookieName, setCookie } from '../../src/session/cookie.ts'
import { makeSession } from '../../src/session/life.ts'
import { type NewSession, nowhere } from '../../src/session/session.ts'
import { defaultPlaceKey } from '../../src/session/settings.ts'
import { createLegacyApp } from '../legacy/server.ts'
import { PortTaken, type RunningGateway, runGateway } from './gateway.ts'
import { type Account, addressOf, createIssuer } from './issuer.ts'
import { findPort, listen } from './ports.ts'
import { printTour } from './tour.ts'

const folder = join(import.meta.dirname, '../..')
const sessionSeconds = 8 * 3600
const people = [
  { what: 'an ordinary account', subject: 'ada', roles: ['staff'], claims: { email: 'ada@example.com' } },
  { what: 'an administrator', subject: 'grace', roles: ['staff', 'admin'], claims: { email: 'grace@example.com' } },
] as const

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const servers: Server[] = []
let gateway: RunningGateway | null = null
let ending: Promise<void> | null = null

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// npm passes a signal on to its shell, which may end without telling us
const parent = process.ppid
setInterval(() => process.ppid !== parent && void end(0), 500).unref()

start().catch((error: unknown) => {
  if (ending) return
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  void end(1)
})

async function start(): Promise<void> {
  say('Starting the demo...')
  const given = new Set<number>()
  const gatewayPort = await findPort(8787, 'gateway', say, given)
  const legacyPort = await findPort(8788, 'legacy app', say, given)
  const issuerPort = await findPort(8789, 'issuer', say, given)
  const signIn = `http://localhost:${issuerPort}`
  let here = ''
  let accounts: readonly Account[] = []

  const legacy = createLegacyApp(`${signIn}/`)
  const issuer = await createIssuer({ accounts: () => accounts, home: () => `${here}/` })
  servers.push(legacy, issuer)
  await Promise.all([listen(legacy, legacyPort), listen(issuer, issuerPort)])
  const vars = { APP_URL: addressOf(legacy), CORP_ISSUER: addressOf(issuer), SESSION_STORE: 'kv', LOG: 'all' }
  // one after the other: both open the same database, and whoever comes second to a new one finds it locked
  const cookies = await seedSessions(people)
  const running = await startGateway(gatewayPort, vars, given)
  here = `http://localhost:${running.port}`
  accounts = people.map(({ subject, what }, at) => ({ name: subject, what, setCookie: setCookie(cookies[at] ?? '') }))
  if (ending) return
  void running.ended.then(() => {
    if (ending) return
    process.stderr.write(`The gateway ended by itself:\n${running.said()}\n`)
    void end(1)
  })
  const [ada = '', grace = ''] = cookies.map((cookie) => `${cookieName}=${cookie}`)
  say(printTour({ gateway: here, legacy: vars.APP_URL, issuer: vars.CORP_ISSUER, signIn, cookies: { ada, grace } }))
}

/** Tries again elsewhere when another program takes the port while wrangler is on its way to it. */
async function startGateway(port: number, vars: Record<string, string>, given: Set<number>): Promise<RunningGateway> {
  const running = runGateway({ folder, port, vars, log: say })
  gateway = running
  try {
    await running.ready
    return running
  } catch (error) {
    await running.stop()
    if (!(error instanceof PortTaken) || given.size > 10 || ending) throw error
    return startGateway(await findPort(port, 'gateway', say, given), vars, given)
  }
}

/** As `sallyport session create` does it. */
async function seedSessions(
  sessions: readonly Pick<NewSession, 'subject' | 'roles' | 'claims'>[],
): Promise<readonly string[]> {
  const kv = await openLocalKv({
    configPath: join(folder, 'wrangler.toml'),
    persistTo: join(folder, '.wrangler/state'),
  })
  try {
    const parts = { store: kv.store, book: createAddressBook(defaultPlaceKey), now: () => Date.now() / 1000 }
    const terms = { issuer: 'demo', idleSeconds: sessionSeconds, maxSeconds: sessionSeconds }
    const made = await Promise.all(sessions.map((session) => makeSession(parts, { ...terms, ...session }, nowhere)))
    return made.map(({ cookie }) => cookie)
  } finally {
    await kv.close()
  }
}

/** Once, however often it is asked for: npm passes Ctrl-C on that the terminal has sent us already. */
function end(code: number): Promise<void> {
  ending ??= (async () => {
    say('\nEnding the demo...')
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await gateway?.stop()
    process.exit(code)
  })()
  return ending
}
