/** `/.sallyport/backchannel-logout`: the provider says that somebody's session there is over, and so it is here. */

import type { Context } from 'hono'
import { type WaitUntil, within } from '../authenticate/share.ts'
import type { Own } from '../endpoints/line.ts'
import type { SignInParts } from '../endpoints/sign-in.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import { writeMark } from '../session/marks.ts'
import type { Contacts } from './contact.ts'
import { trusted } from './exchange.ts'
import { adviceOn, type Failure } from './failure.ts'
import { failureOf } from './fault.ts'
import { readToken, readTold, senderOf, type Told } from './logout-token.ts'
import { createEnding, type Ended } from './over.ts'

export const backChannelPath = '/.sallyport/backchannel-logout'

/** A logout token is of now: one that is older was kept back by somebody. */
const maxAgeSeconds = 600

export function createBackChannel(parts: SignInParts & { readonly contacts: Contacts }) {
  const { providers, table, life, contacts, audit } = parts
  const endSessions = createEnding(parts)
  return async (c: Context<Own>): Promise<Response> => {
    const origin = table.originOf(new URL(c.req.url).host)
    if (!origin || origin.providers.length === 0) return Promise.resolve(c.notFound())
    const { told } = c.var
    const pending: Promise<unknown>[] = []
    const known = origin.providers.flatMap((name) => providers.get(name) ?? [])
    const token = await readToken(c.req.raw)
    const provider = token === null ? undefined : senderOf(token, known)
    const done =
      token === null || !provider
        ? err<Failure>({ reason: 'bad-logout-token', fault: token === null ? 'form' : 'issuer' })
        : await finish(provider, token, (work) => void pending.push(work.catch(() => undefined)))
    await Promise.all(pending)
    const line = {
      kind: 'sign-in',
      at: life.now(),
      requestId: told.requestId,
      origin: origin.name,
      provider: provider?.name ?? null,
    } as const
    if (done.ok) {
      const { subject } = done.value
      told.subject = subject
      audit({ ...line, outcome: subject === null ? 'nobody-found' : 'signed-out', reason: null, why: null, subject })
      return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
    }
    const { reason, ...why } = done.error
    told.reason = reason
    audit({ ...line, outcome: 'failed', reason, why, subject: null })
    const { status, title } = adviceOn(done.error)
    return Response.json(
      { error: 'invalid_request', error_description: title },
      { status, headers: { 'cache-control': 'no-store', 'x-sallyport': 'refused' } },
    )
  }

  async function finish(provider: Provider, token: string, waitUntil: WaitUntil): Promise<Result<Ended, Failure>> {
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
  async function end({ issuer }: Provider, told: Told): Promise<Result<Ended, Failure>> {
    const { store, book, now } = life
    const spent = await book.about('logout', issuer, told.jti)
    const [used] = await store.read([spent])
    if (used !== null) return err({ reason: 'bad-logout-token', fault: 'used before' })
    const ended = await endSessions(issuer, told)
    await store.swap(spent, null, writeMark(now()), 2 * maxAgeSeconds)
    return ok(ended)
  }
}
