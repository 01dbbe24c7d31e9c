/** `/.sallyport/backchannel-logout`: the provider says that somebody's session there is over, and so it is here. */

import type { Context } from 'hono'
import { decodeJwt, decodeProtectedHeader, errors } from 'jose'
import type { WaitUntil } from '../authenticate/share.ts'
import { within } from '../authenticate/share.ts'
import type { SignInParts } from '../endpoints/sign-in.ts'
import type { Claims } from '../principal.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import { writeMark } from '../session/marks.ts'
import type { Contacts } from './contact.ts'
import { trusted } from './exchange.ts'
import { adviceOn, type Failure } from './failure.ts'
import { failureOf } from './fault.ts'

export const backChannelPath = '/.sallyport/backchannel-logout'

/** What a logout token that holds says: whose sessions end, and which. */
interface Told {
  readonly jti: string
  readonly subject: string | null
  readonly sid: string | null
}

const event = 'http://schemas.openid.net/event/backchannel-logout'
const maxBodyBytes = 65_536
/** A logout token is of now: one that is older was kept back by somebody. */
const maxAgeSeconds = 600
/** RFC 8417 section 2.3, or what providers wrote before it was asked for; an access token has another. */
const types: readonly unknown[] = ['logout+jwt', 'application/logout+jwt', 'JWT', undefined]

export function createBackChannel(parts: SignInParts, contacts: Contacts) {
  const { providers, table, life, keeper, audit } = parts
  return async (c: Context): Promise<Response> => {
    const origin = table.originOf(new URL(c.req.url).host)
    if (!origin || origin.providers.length === 0) return Promise.resolve(c.notFound())
    const requestId = crypto.randomUUID()
    const pending: Promise<unknown>[] = []
    const known = origin.providers.flatMap((name) => providers.get(name) ?? [])
    const line = { kind: 'sign-in', at: life.now(), requestId, origin: origin.name } as const
    const token = await readToken(c.req.raw)
    const provider = token === null ? undefined : senderOf(token, known)
    const done =
      token === null || !provider
        ? err<Failure>({ reason: 'bad-logout-token', fault: token === null ? 'form' : 'issuer' })
        : await finish(provider, token, (work) => void pending.push(work.catch(() => undefined)))
    await Promise.all(pending)
    if (done.ok) {
      audit({
        ...line,
        provider: provider?.name ?? null,
        outcome: 'signed-out',
        reason: null,
        why: null,
        subject: done.value,
      })
      return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
    }
    const { reason, ...why } = done.error
    audit({ ...line, provider: provider?.name ?? null, outcome: 'failed', reason, why, subject: null })
    const { status, title } = adviceOn(done.error)
    return Response.json(
      { error: 'invalid_request', error_description: title },
      { status, headers: { 'cache-control': 'no-store', 'x-sallyport': 'refused', 'x-request-id': requestId } },
    )
  }

  async function finish(
    provider: Provider,
    token: string,
    waitUntil: WaitUntil,
  ): Promise<Result<string | null, Failure>> {
    try {
      const { metadata } = await contacts.reach(provider, waitUntil)
      const issuer = { ...trusted(provider, metadata), maxAgeSeconds, needsNoSubject: true } as const
      const read = await contacts.bearer.read(token, [issuer], waitUntil)
      if (!read.ok)
        return read.error.reason === 'bad-token'
          ? err({ reason: 'bad-logout-token', fault: read.error.fault })
          : err({ reason: 'provider-unavailable', cause: read.error.reason })
      const told = readTold(read.value.principal.claims)
      if (typeof told === 'string') return err({ reason: 'bad-logout-token', fault: told })
      return await within(parts.timeoutMilliseconds, end(provider, told))
    } catch (error) {
      const failure = failureOf(error)
      if (failure) return err(failure)
      return err({ reason: 'store-unavailable', cause: error instanceof Error ? error.name : 'unknown' })
    }
  }

  /** Ends first, and counts the token as used after: a store that fails between lets the provider try again. */
  async function end({ issuer }: Provider, told: Told): Promise<Result<string | null, Failure>> {
    const { store, book, now } = life
    const spent = await book.about('logout', issuer, told.jti)
    const [used] = await store.read([spent])
    if (used !== null) return err({ reason: 'bad-logout-token', fault: 'used before' })
    const subject = told.subject ?? (await subjectOf(issuer, told.sid ?? ''))
    if (subject !== null) await endFor(issuer, subject, told.sid)
    await store.swap(spent, null, writeMark(now()), 2 * maxAgeSeconds)
    return ok(subject)
  }

  async function endFor(issuer: string, subject: string, sid: string | null): Promise<void> {
    // a store that lists late could leave a session out: then all of the subject end
    if (sid === null || life.store.promises.consistency !== 'strong')
      return keeper.endSubject(issuer, subject, 'provider')
    const { sessions, isWhole } = await keeper.list(issuer, subject)
    if (!isWhole) return keeper.endSubject(issuer, subject, 'provider')
    const meant = sessions.filter(({ record }) => record.claims['sid'] === sid)
    await Promise.all(meant.map(({ record }) => keeper.endById(record.id, { issuer, subject }, 'provider')))
  }

  async function subjectOf(issuer: string, sid: string): Promise<string | null> {
    const [subject] = await life.store.read([await life.book.about('sid', issuer, sid)])
    return subject ?? null
  }
}

/** OpenID Connect Back-Channel Logout 1.0 section 2.6, after what every token must hold. */
function readTold(claims: Claims): Told | string {
  const { jti, sub, sid, events, nonce } = claims
  if (nonce !== undefined) return 'nonce'
  if (typeof jti !== 'string' || jti === '' || jti.length > 1_024) return 'jti'
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, event)
  const what = isLogout ? (events as Record<string, unknown>)[event] : null
  if (typeof what !== 'object' || what === null) return 'events'
  if (sid !== undefined && (typeof sid !== 'string' || sid === '' || sid.length > 1_024)) return 'sid'
  if (sub === undefined && sid === undefined) return 'subject'
  return { jti, subject: typeof sub === 'string' ? sub : null, sid: typeof sid === 'string' ? sid : null }
}

/** By the unverified `iss` and `aud`: verification then proves both. */
function senderOf(token: string, providers: readonly Provider[]): Provider | undefined {
  try {
    if (!types.includes(decodeProtectedHeader(token).typ)) return undefined
    const { iss, aud } = decodeJwt(token)
    const named = providers.filter(({ issuer }) => issuer === iss)
    return named.find(({ clientId }) => [aud].flat().includes(clientId)) ?? named[0]
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}

/** The one `logout_token` of a form; null for anything else. */
async function readToken(request: Request): Promise<string | null> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type)) return null
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) return null
    text += decoder.decode(chunk, { stream: true })
  }
  const tokens = new URLSearchParams(text).getAll('logout_token')
  return tokens.length === 1 ? (tokens[0] ?? null) : null
}
