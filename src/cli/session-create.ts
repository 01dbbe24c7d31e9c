/** `sallyport session create`: lays a session into the KV of this machine and hands out its cookie. */

import { dirname, join, resolve } from 'node:path'
import { cookieName, setCookie } from '../session/cookie.ts'
import { makeSession, parseRecord } from '../session/session.ts'
import { openLocalKv } from './local-kv.ts'
import { readSurroundings } from './surroundings.ts'
import { type Given, UsageError, type Verb } from './verb.ts'

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
    const made = await makeSession(newSessionOf(given), io.now())
    const text = JSON.stringify(made.record)
    if (!parseRecord(text).ok)
      throw new UsageError('the session would not be read back: a subject has 1 to 1024 characters, a record 64 KiB')
    const { configPath } = await readSurroundings(given, io)
    if (configPath === null) throw new UsageError('there is no wrangler.toml here; name it with --config FILE')
    const persistTo = given.text('persist-to')
    const kv = await openLocalKv({
      configPath,
      persistTo: persistTo === undefined ? join(dirname(configPath), '.wrangler/state') : resolve(io.cwd, persistTo),
    })
    try {
      await kv.store.write(made.key, text, made.record.endsAt - made.record.createdAt)
    } finally {
      await kv.close()
    }
    const cookie = `${cookieName}=${made.cookie}`
    if (given.flag('json')) {
      const { record, key } = made
      io.out(JSON.stringify({ cookie, setCookie: setCookie(made.cookie), key, record }, null, 2))
      return 0
    }
    io.out(`${cookie}\n`)
    io.out(`  until ${new Date(made.record.endsAt * 1000).toISOString()}, for ${made.record.subject}; try it with:\n`)
    io.out(`curl -H 'Cookie: ${cookie}' ${url}`)
    return 0
  },
}

function newSessionOf(given: Given) {
  const subject = given.text('subject')
  if (!subject) throw new UsageError('session create wants --subject NAME: whose session it is')
  const ttl = given.text('ttl') ?? String(defaultTtlSeconds)
  const ttlSeconds = /^[0-9]{1,9}$/.test(ttl) ? Number(ttl) : 0
  if (ttlSeconds < 1 || ttlSeconds > maxTtlSeconds)
    throw new UsageError(`--ttl ${ttl} is no number of seconds between 1 and ${maxTtlSeconds}`)
  const issuer = given.text('issuer')
  return {
    subject,
    ttlSeconds,
    ...(issuer !== undefined && { issuer }),
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
