/** What the supposed request carries to show who sends it, and who would believe it. */

import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Authenticator } from '../authenticate/authenticate.ts'
import { createSupposingAuthenticator, type Supposed } from '../authenticate/suppose.ts'
import type { Head } from '../head.ts'
import { createTable } from '../route/table.ts'
import { createAddressBook } from '../session/address.ts'
import { cookieNameOf, makeCookieValue } from '../session/cookie.ts'
import type { Key, SessionStore } from '../session/store.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import type { readSoundConfiguration } from './configuration.ts'
import { openLocalKv } from './local-kv.ts'
import { type Given, type Io, UsageError } from './verb.ts'

export interface Credentials {
  /** The head with the credential on it. */
  readonly head: Head
  readonly store: SessionStore | null
  /** Believes the stand-in of `--as`; absent: everything is verified. */
  readonly authenticate?: Authenticator
  close(): Promise<void>
}

type Configuration = Awaited<ReturnType<typeof readSoundConfiguration>>

/** Throws {@link UsageError} for two ways at once, and for what can't be read. */
export async function readCredentials(
  given: Given,
  io: Io,
  configuration: Configuration,
  head: Head,
): Promise<Credentials> {
  const as = given.text('as')
  const session = given.text('session')
  const cookieName = cookieNameOf(siteAt(head, configuration))
  const carries = head.headers.get('cookie')?.includes(cookieName) ?? false
  if (as !== undefined && (session !== undefined || carries || head.headers.get('authorization') !== null))
    throw new UsageError('--as stands for a credential; leave the other one out')
  if (session !== undefined && carries) throw new UsageError('--session stands for the cookie; leave the other one out')
  // asked of nothing, unless a cookie is there
  const idle = configuration.settings.sessionStore === 'none' ? null : createMemoryStore(io.now)
  if (as !== undefined)
    return { ...supposing(readSupposed(resolve(io.cwd, as), as, io.now()), head, cookieName), store: idle, close }
  if (session === undefined && !carries) return { head, store: idle, close }
  return withLocalStore(given, io, configuration, head, cookieName, session)
}

/** Of the origin that is asked: what its cookie is called depends on it. */
const siteAt = ({ host }: Head, { gateway }: Configuration): string | null =>
  createTable(gateway.origins).originOf(host)?.sessionOptions.site ?? null

const close = (): Promise<void> => Promise.resolve()

async function withLocalStore(
  given: Given,
  io: Io,
  { settings, surroundings: { configPath } }: Configuration,
  head: Head,
  cookieName: string,
  session: string | undefined,
): Promise<Credentials> {
  if (settings.sessionStore !== 'kv' || configPath === null)
    throw new UsageError(`sessions of the store "${settings.sessionStore}" can't be read from here; use --as FILE`)
  const persistTo = given.text('persist-to')
  const kv = await openLocalKv({
    configPath,
    persistTo: persistTo === undefined ? join(dirname(configPath), '.wrangler/state') : resolve(io.cwd, persistTo),
  })
  if (session === undefined) return { head, store: kv.store, close: kv.close }
  if (!/^(?:[\w-]+\/)?session:/.test(session)) {
    const value = session.startsWith(`${cookieName}=`) ? session.slice(cookieName.length + 1) : session
    return { head: withHeader(head, 'cookie', `${cookieName}=${value}`), store: kv.store, close: kv.close }
  }
  // a key can't be turned into its cookie: another cookie is made, and led to that key
  const standIn = makeCookieValue()
  const { name } = await createAddressBook(settings.placeKey).session(standIn)
  const led = (key: Key): Key =>
    key.name === name ? { place: session.match(/^(.*)\/session:/)?.[1] ?? '', name: session.replace(/^.*\//, '') } : key
  const store: SessionStore = { ...kv.store, read: (keys) => kv.store.read(keys.map(led)) }
  return { head: withHeader(head, 'cookie', `${cookieName}=${standIn}`), store, close: kv.close }
}

function supposing(supposed: Supposed, head: Head, cookieName: string): Pick<Credentials, 'head' | 'authenticate'> {
  if (supposed.kind === 'session') {
    const cookie = makeCookieValue()
    const authenticate = createSupposingAuthenticator(supposed, { kind: 'session', cookie })
    return { head: withHeader(head, 'cookie', `${cookieName}=${cookie}`), authenticate }
  }
  // of the form of a JWT, which is looked at before it is believed
  const token = `supposed.${crypto.randomUUID()}.unsigned`
  const authenticate = createSupposingAuthenticator(supposed, { kind: 'bearer', token })
  return { head: withHeader(head, 'authorization', `Bearer ${token}`), authenticate }
}

function withHeader(head: Head, name: string, value: string): Head {
  const headers = new Headers([...head.headers].map(([known, text]): [string, string] => [known, text]))
  headers.append(name, value)
  return { ...head, headers }
}

function readSupposed(path: string, shown: string, now: number): Supposed {
  const form = 'write { "sub": "ada" } for a token, { "subject": "ada", "roles": ["admin"] } for a session'
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`--as ${shown} can't be read: ${error instanceof Error ? error.message : 'unknown'}; ${form}`)
  }
  if (typeof json !== 'object' || json === null) throw new UsageError(`--as ${shown} holds no object; ${form}`)
  if ('sub' in json && typeof json.sub === 'string') return { kind: 'bearer', claims: { ...json, sub: json.sub } }
  if (!('subject' in json) || typeof json.subject !== 'string')
    throw new UsageError(`--as ${shown} says neither "sub" nor "subject"; ${form}`)
  const { subject, ...rest } = json
  const given: Readonly<Record<string, unknown>> = rest
  return {
    kind: 'session',
    identity: {
      subject,
      issuer: typeof given['issuer'] === 'string' ? given['issuer'] : 'sallyport',
      roles: strings(given['roles'], `--as ${shown}: roles`),
      scopes: strings(given['scopes'], `--as ${shown}: scopes`),
      claims: typeof given['claims'] === 'object' && given['claims'] !== null ? { ...given['claims'] } : {},
      issuedAt: Math.floor(now),
      expiresAt: Math.floor(now) + 3600,
    },
  }
}

function strings(value: unknown, what: string): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new UsageError(`${what} is no list of strings`)
}
