/** `sallyport session create`: lays a session into the KV of this machine and hands out its cookie. */

import { dirname, join, resolve } from 'node:path'
import { createAddressBook } from '../session/address.ts'
import { cookieNameOf, setCookie } from '../session/cookie.ts'
import { makeSession } from '../session/life.ts'
import { type NewSession, nowhere, parseRecord } from '../session/session.ts'
import { defaultPlaceKey } from '../session/settings.ts'
import type { SessionStore } from '../session/store.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { openLocalKv } from './local-kv.ts'
import { readSurroundings } from './surroundings.ts'
import { type Given, type Io, UsageError, type Verb } from './verb.ts'

const defaultTtlSeconds = 28_800
const maxTtlSeconds = 31_536_000

export const sessionCreate: Verb = {
  name: 'session create',
  summary: 'make a session in the KV of wrangler dev, print its cookie',
  help: `Usage: npx sallyport session create --subject NAME [--role ROLE]... [flags]

Lays a session into the local KV namespace SESSIONS, where a running wrangler dev sees it at once. For
trying things out: a deployed gateway's KV isn't touched.

  --subject NAME    whose session it is (needed)
  --role ROLE       a role; write the flag once for each
  --scope SCOPE     a scope; write the flag once for each
  --claim NAME=TEXT a claim; NAME:=JSON for what isn't text
  --ttl SECONDS     how long it lives (default: ${defaultTtlSeconds}, eight hours)
  --issuer NAME     who vouches for it (default: sallyport)
  --url URL         where the printed curl line goes (default: http://localhost:8787/)
  --config FILE     the wrangler.toml that binds SESSIONS (default: wrangler.toml)
  --persist-to DIR  as for wrangler dev (default: .wrangler/state beside wrangler.toml)`,
  options: {
    subject: { type: 'string' },
    role: { type: 'string', multiple: true },
    scope: { type: 'string', multiple: true },
    claim: { type: 'string', multiple: true },
    ttl: { type: 'string' },
    issuer: { type: 'string' },
    url: { type: 'string' },
    config: { type: 'string' },
    'persist-to': { type: 'string' },
  },
  positionals: [],
  async run(given, io) {
    const url = urlOf(given)
    const session = newSessionOf(given)
    // as the gateway will read it, before a workerd is started for it
    const trial = await makeSession(partsOf(createMemoryStore(io.now), io), session, nowhere).catch(() => null)
    if (!trial || !parseRecord(JSON.stringify(trial.record)).ok)
      throw new UsageError('the session would not be read back: a subject has 1 to 1024 characters, a record 64 KiB')
    const { configPath } = await readSurroundings(given, io)
    if (configPath === null) throw new UsageError('there is no wrangler.toml here; name it with --config FILE')
    const persistTo = given.text('persist-to')
    const kv = await openLocalKv({
      configPath,
      persistTo: persistTo === undefined ? join(dirname(configPath), '.wrangler/state') : resolve(io.cwd, persistTo),
    })
    const made = await makeSession(partsOf(kv.store, io), session, nowhere).finally(kv.close)
    const cookie = `${cookieNameOf(null)}=${made.cookie}`
    if (given.flag('json')) {
      const { place, name } = await createAddressBook(defaultPlaceKey).session(made.cookie)
      const key = `${place}/${name}`
      io.out(JSON.stringify({ cookie, setCookie: setCookie(made.cookie, null), key, record: made.record }, null, 2))
      return 0
    }
    io.out(`${cookie}\n`)
    io.out(`  until ${new Date(made.record.endsAt * 1000).toISOString()}, for ${made.record.subject}; try it with:\n`)
    io.out(`curl -H 'Cookie: ${cookie}' ${url}`)
    return 0
  },
}

const partsOf = (store: SessionStore, io: Io) => ({ store, book: createAddressBook(defaultPlaceKey), now: io.now })

function newSessionOf(given: Given): NewSession {
  const subject = given.text('subject')
  if (!subject) throw new UsageError('session create wants --subject NAME: whose session it is')
  const ttl = given.text('ttl') ?? String(defaultTtlSeconds)
  const ttlSeconds = /^[0-9]{1,9}$/.test(ttl) ? Number(ttl) : 0
  if (ttlSeconds < 1 || ttlSeconds > maxTtlSeconds)
    throw new UsageError(`--ttl ${ttl} is no number of seconds between 1 and ${maxTtlSeconds}`)
  return {
    subject,
    idleSeconds: ttlSeconds,
    maxSeconds: ttlSeconds,
    issuer: given.text('issuer') ?? 'sallyport',
    roles: given.list('role'),
    scopes: given.list('scope'),
    claims: Object.fromEntries(given.list('claim').map(readClaim)),
  }
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
  const url = given.text('url') ?? 'http://localhost:8787/'
  if (!/^https?:\/\/[\w.:[\]/~%+,@-]+$/.test(url)) throw new UsageError(`--url ${url} is no plain http address`)
  return url
}
