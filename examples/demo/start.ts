/** `npm start`: an old app, an identity provider, the gateway in front; Ctrl-C ends it all. */

import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { type Account, accounts } from '../legacy/accounts.ts'
import { createLegacyApp } from '../legacy/server.ts'
import { PortTaken, type RunningGateway, runGateway } from './gateway.ts'
import { findPort, listen } from './ports.ts'
import { addressOf, createIdentityProvider } from './provider.ts'
import { printTour } from './tour.ts'

const folder = join(import.meta.dirname, '../..')
/** Good for one run: nothing that guards anything stands in this repository. */
const secrets = {
  VOUCH_SECRET: newSecret(),
  CORP_SECRET: newSecret(),
  SEALING_KEY: newSecret(),
  ADMIN_SECRET: newSecret(),
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const servers: Server[] = []
/** What the gateway logged before there was anything to read it under; null: it is told as it comes. */
let early: string[] | null = []
let gateway: RunningGateway | null = null
let ending: Promise<void> | null = null

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// npm passes a signal on to its shell, which may end without telling us
const parent = process.ppid
setInterval(() => process.ppid !== parent && void end(0), 500).unref()

start().catch((error: unknown) => {
  if (ending) return
  tellEarly()
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  void end(1)
})

async function start(): Promise<void> {
  say('Starting the demo...')
  const given = new Set<number>()
  const gatewayPort = await findPort(8787, 'gateway', say, given)
  const legacy = createLegacyApp(secrets.VOUCH_SECRET)
  const provider = createIdentityProvider({ id: 'gateway', secret: secrets.CORP_SECRET })
  servers.push(legacy, provider.server)
  await listenNear(legacy, 8788, 'legacy app', given)
  await listenNear(provider.server, 8789, 'identity provider', given)
  const addresses = { APP_URL: addressOf(legacy), CORP_ISSUER: addressOf(provider.server) }
  const vars = { ...addresses, ...secrets, SESSION_STORE: 'kv', LOG: 'all' }
  const running = await startGateway(gatewayPort, vars, given)
  // a browser keeps no Secure cookie of 127.0.0.1; and the provider there has a cookie jar of its own
  const here = `http://localhost:${running.port}`
  await provider.admit(here)
  const [ada = '', grace = ''] = await Promise.all(accounts.map((account) => makeSession(here, account)))
  if (ending) return
  void running.ended.then(() => {
    if (ending) return
    process.stderr.write(`The gateway ended by itself:\n${running.said()}\n`)
    void end(1)
  })
  say(printTour({ gateway: here, legacy: vars.APP_URL, provider: vars.CORP_ISSUER, cookies: { ada, grace } }))
  tellEarly()
}

function tellEarly(): void {
  for (const line of early ?? []) say(line)
  early = null
}

/** Tries again elsewhere when another program takes the port at the same moment. */
async function listenNear(server: Server, wanted: number, who: string, given: Set<number>): Promise<void> {
  try {
    await listen(server, await findPort(wanted, who, say, given))
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken || given.size > 10) throw error
    return listenNear(server, wanted, who, given)
  }
}

/** Tries again elsewhere when another program takes the port while wrangler is on its way to it. */
async function startGateway(port: number, vars: Record<string, string>, given: Set<number>): Promise<RunningGateway> {
  const log = (line: string): void => void (early ? early.push(line) : say(line))
  const running = runGateway({ folder, port, vars, log })
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

/** Asks the admin API for a session, for the commands that curl can't sign in for. Returns its cookie. */
async function makeSession(gateway: string, { name, email, roles }: Account): Promise<string> {
  const response = await fetch(`${gateway}/.sallyport/admin/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.ADMIN_SECRET}` },
    body: JSON.stringify({ subject: name, roles, claims: { email } }),
  })
  const { cookie } = (await response.json()) as { readonly cookie: string }
  return cookie
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
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
