/** `sallyport session create`: makes a session, on a gateway that runs or in the KV of this machine, and hands out its cookie. */

import { dirname, join, resolve } from 'node:path'
import { createAddressBook } from '../session/address.ts'
import { cookieNameOf, setCookie } from '../session/cookie.ts'
import { makeSession } from '../session/life.ts'
import { type NewSession, nowhere, parseRecord } from '../session/session.ts'
import { defaultPlaceKey } from '../session/settings.ts'
import type { SessionStore } from '../session/store.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { adminOptions, callAdmin } from './admin-call.ts'
import { openLocalKv } from './local-kv.ts'
import { readSurroundings } from './surroundings.ts'
import { type Given, type Io, UsageError, type Verb } from './verb.ts'

const defaultTtlSeconds = 28_800
const maxTtlSeconds = 31_536_000

export const sessionCreate: Verb = {
  name: 'session create',
  summary: 'make a session, print its cookie',
  help: `Usage: npx sallyport session create --subject NAME [--role ROLE]... [--url URL] [flags]

With --url, the gateway that runs there makes it, whatever its store; the environment variable ADMIN_SECRET
must hold the gateway's own. Without, it is laid into the KV of this machine, where a running wrangler dev
(and so npm start) sees it at once.

  --subject NAME    whose session it is (needed)
  --role ROLE       a role; write the flag once for each
  --scope SCOPE     a scope; write the flag once for each
  --claim NAME=TEXT a claim; NAME:=JSON for what isn't text
  --origin NAME     an origin that takes it; write the flag once for each (default: all)
  --issuer NAME     who vouches for it (default: sallyport)

  --url URL         the gateway, on a host where the cookie is to be used
  --remember        it lives as long as those of who asked to be remembered

  --ttl SECONDS     how long it lives in the local KV (default: ${defaultTtlSeconds}, eight hours)
  --config FILE     the wrangler.toml that binds SESSIONS (default: wrangler.toml)
  --persist-to DIR  as for wrangler dev (default: .wrangler/state beside wrangler.toml)`,
  options: {
    ...adminOptions,
    subject: { type: 'string' },
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    claim: { type: 'string', multiple: true },
    origin: { type: 'string', multiple: true },
    issuer: { type: 'string' },
    remember: { type: 'boolean' },
    ttl: { type: 'string' },
    config: { type: 'string' },
    'persist-to': { type: 'string' },
  },
  positionals: [],
  run: (given, io) => (given.text('url') === undefined ? createHere(given, io) : createThere(given, io)),
}

/** On a gateway that runs: it says itself how long its sessions live. */
async function createThere(given: Given, io: Io): Promise<number> {
  const url = urlOf(given)
  for (const flag of ['ttl', 'config', 'persist-to'])
    if (given.text(flag) !== undefined) throw new UsageError(`--${flag} is for the local KV, and doesn't go with --url`)
  const { subject, issuer, roles, scopes, claims, origins } = whoOf(given)
  const remember = given.flag('remember')
  const called = await callAdmin(given, io, 'POST', '/sessions', {
    ...{ subject, issuer, roles, scopes, claims, remember },
    ...(origins && { origins }),
  })
  if (called.kind === 'failed') {
    io.err(`sallyport: ${called.message}`)
    return 1
  }
  const made = called.body as { readonly cookie: string; readonly endsAt: number }
  if (given.flag('json')) io.out(JSON.stringify(made, null, 2))
  else printCookie(made.cookie, subject, made.endsAt, url, io)
  return 0
}

/** In the KV that `wrangler dev` keeps on this machine. */
async function createHere(given: Given, io: Io): Promise<number> {
  if (given.flag('remember')) throw new UsageError('--remember goes with --url; write --ttl SECONDS')
  const ttlSeconds = ttlOf(given)
  const session = { ...whoOf(given), idleSeconds: ttlSeconds, maxSeconds: ttlSeconds }
  // as the gateway will read it, before a workerd is started for it
  const trial = await makeSession(partsOf(createMemoryStore(io.now), io, defaultPlaceKey), session, nowhere).catch(
    () => null,
  )
  if (!trial || !parseRecord(JSON.stringify(trial.record)).ok)
    throw new UsageError('the session would not be read back: a subject has 1 to 1024 characters, a record 64 KiB')
  const { configPath, environment, expectedSecrets } = await readSurroundings(given, io)
  if (configPath === null) throw new UsageError('there is no wrangler.toml here; name it with --config FILE')
  if (expectedSecrets.includes('PLACE_KEY'))
    throw new UsageError('PLACE_KEY is a secret that is not here: write it into .dev.vars, as wrangler dev reads it')
  const placeKey = typeof environment['PLACE_KEY'] === 'string' ? environment['PLACE_KEY'] : defaultPlaceKey
  const persistTo = given.text('persist-to')
  const kv = await openLocalKv({
    configPath,
    persistTo: persistTo === undefined ? join(dirname(configPath), '.wrangler/state') : resolve(io.cwd, persistTo),
  })
  const made = await makeSession(partsOf(kv.store, io, placeKey), session, nowhere).finally(kv.close)
  const cookie = `${cookieNameOf(null)}=${made.cookie}`
  if (given.flag('json')) {
    const { place, name } = await createAddressBook(placeKey).session(made.cookie)
    const key = `${place}/${name}`
    io.out(JSON.stringify({ cookie, setCookie: setCookie(made.cookie, null), key, record: made.record }, null, 2))
  } else printCookie(cookie, session.subject, made.record.endsAt, 'http://localhost:8787/', io)
  return 0
}

const partsOf = (store: SessionStore, io: Io, placeKey: string) => ({
  store,
  book: createAddressBook(placeKey),
  now: io.now,
})

function printCookie(cookie: string, subject: string, endsAt: number, url: string, io: Io): void {
  io.out(`${cookie}\n`)
  io.out(`  until ${new Date(endsAt * 1000).toISOString()}, for ${subject}; try it with:\n`)
  io.out(`curl -H 'Cookie: ${cookie}' ${url}`)
}

function whoOf(given: Given): Omit<NewSession, 'idleSeconds' | 'maxSeconds'> {
  const subject = given.text('subject')
  if (!subject) throw new UsageError('session create wants --subject NAME: whose session it is')
  const origins = given.list('origin')
  return {
    subject,
    issuer: given.text('issuer') ?? 'sallyport',
    roles: given.list('role'),
    scopes: given.list('scope'),
    claims: Object.fromEntries(given.list('claim').map(readClaim)),
    ...(origins.length > 0 && { origins }),
  }
}

function ttlOf(given: Given): number {
  const ttl = given.text('ttl') ?? String(defaultTtlSeconds)
  const seconds = /^[0-9]{1,9}$/.test(ttl) ? Number(ttl) : 0
  if (seconds >= 1 && seconds <= maxTtlSeconds) return seconds
  throw new UsageError(`--ttl ${ttl} is no number of seconds between 1 and ${maxTtlSeconds}`)
}

/** `name=text`, or `name:=json` for what isn't text. */
function readClaim(claim: string): [string, unknown] {
  const [, name, sign, text = ''] = /^([^=:]+)(:?=)(.*)$/s.exec(claim) ?? []
  if (name === undefined) throw new UsageError(`--claim ${claim}: write NAME=TEXT, or NAME:=JSON`)
  if (sign === '=') return [name, text]
  try {
    return [name, JSON.parse(text)]
  } catch {
    throw new UsageError(`--claim ${claim}: what stands after := is no JSON`)
  }
}

/** An address that can stand in a shell as it is. */
function urlOf(given: Given): string {
  const url = given.text('url') ?? ''
  if (!/^https?:\/\/[\w.:[\]/~%+,@-]+$/.test(url)) throw new UsageError(`--url ${url} is no plain http address`)
  return url
}
