/** `/.sallyport/sign-in` and `/.sallyport/callback`: sends people to their provider, and makes a session of what comes back. */

import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { type BearerReader, createBearerReader } from '../authenticate/bearer.ts'
import type { KeyCache, KeyProvider } from '../authenticate/jwks.ts'
import type { Fetch } from '../authenticate/key-document.ts'
import type { WaitUntil } from '../authenticate/share.ts'
import { selfOrigin } from '../head.ts'
import { isNavigation } from '../respond.ts'
import { err, ok, type Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Origin, Table } from '../route/table.ts'
import { setCookie } from '../session/cookie.ts'
import type { LifeParts } from '../session/life.ts'
import type { Lifetimes } from '../session/settings.ts'
import { authorizationUrl } from './ask.ts'
import type { Audit } from './audit.ts'
import { backChannelPath, createBackChannel } from './back-channel.ts'
import { beginSession } from './begin.ts'
import { clientOf } from './client.ts'
import { createDirectory, type ProviderDirectory } from './directory.ts'
import { exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import { failureOf } from './fault.ts'
import { createProviderFetch } from './http.ts'
import { identityOf } from './identity.ts'
import type { Keeper } from './keeper.ts'
import { chooserPage, failurePage, signInPath } from './pages.ts'
import { returnTarget } from './return-to.ts'
import { countRound, maxRounds, recentRounds } from './round.ts'
import type { Sealer } from './seal.ts'
import { findTransaction, handOut, makeTransaction, type Transaction, takeBack } from './transaction.ts'

export interface SignInParts {
  readonly providers: ReadonlyMap<string, Provider>
  readonly table: Pick<Table, 'originOf'>
  readonly sealer: Sealer
  readonly life: LifeParts
  readonly keeper: Keeper
  readonly lifetimes: Lifetimes
  /** Of providers: their own names, apart from those of issuers. */
  readonly keys: KeyProvider
  readonly cache?: KeyCache | undefined
  readonly fetch: Fetch
  readonly timeoutMilliseconds: number
  /** Where TLS ends in front of this process; null: as the request came. */
  readonly publicScheme: 'http' | 'https' | null
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly audit: Audit
}

export const callbackPath = '/.sallyport/callback'

/** One request, and what every step of it needs to know. */
interface Visit {
  readonly request: Request
  readonly origin: Origin
  /** `https://app.example.com` */
  readonly self: string
  readonly query: URLSearchParams
  readonly cookies: string
  readonly requestId: string
  readonly waitUntil: WaitUntil
}

export function createSignIn(parts: SignInParts): Hono {
  const { providers, table, sealer, now, timeoutMilliseconds } = parts
  const fetch = createProviderFetch(parts.fetch, timeoutMilliseconds)
  const directory = createDirectory({ fetch, now, timeoutMilliseconds, cache: parts.cache })
  const reading: Reading = { directory, fetch, bearer: createBearerReader(parts.keys, now), now }
  const app = new Hono()
  app.get(signInPath, (c) => visit(c, begin))
  app.get(callbackPath, (c) => visit(c, end))
  app.post(backChannelPath, createBackChannel(parts, reading))
  return app

  async function visit(c: Context, step: (visit: Visit) => Promise<Response>): Promise<Response> {
    const request = c.req.raw
    const url = new URL(request.url)
    const origin = table.originOf(url.host)
    if (!origin || origin.providers.length === 0) return c.notFound()
    const scheme = parts.publicScheme ?? (url.protocol === 'https:' ? 'https' : 'http')
    const pending: Promise<unknown>[] = []
    const here: Visit = {
      request,
      origin,
      self: selfOrigin({ scheme, host: url.host }),
      query: url.searchParams,
      cookies: request.headers.get('cookie') ?? '',
      requestId: crypto.randomUUID(),
      waitUntil: (work) => void pending.push(work.catch(() => undefined)),
    }
    try {
      if (!isPersonal(request)) return fail(here, { reason: 'not-a-navigation' }, null)
      const doubled = [...here.query.keys()].find((name) => here.query.getAll(name).length > 1)
      if (doubled !== undefined) return fail(here, { reason: 'malformed', what: 'a parameter twice' }, null)
      return await step(here)
    } catch (error) {
      const cause = error instanceof Error ? `${error.name}: ${error.stack ?? ''}` : 'unknown'
      return fail(here, { reason: 'fault', cause }, null)
    } finally {
      // what is begun for others (keys, documents) ends with this request on some runtimes: so it waits
      await Promise.all(pending)
    }
  }

  async function begin(here: Visit): Promise<Response> {
    const { origin, query, self } = here
    const returnTo = returnTarget(query.get('return_to'), self, origin.paths)
    const chosen = query.get('provider') ?? (origin.providers.length === 1 ? origin.providers[0] : null)
    const provider = chosen && origin.providers.includes(chosen) ? providers.get(chosen) : undefined
    if (!provider) return chooserPage(choicesOf(origin, providers, returnTo, query))
    const transaction = makeTransaction({ provider: provider.name, returnTo, ...asksIn(query) }, now())
    const address = await naming(async () => {
      const { metadata, client } = await read(reading, provider, here.waitUntil)
      return ok(await authorizationUrl(provider, metadata, client, transaction, self + callbackPath))
    })
    if (!address.ok) return fail(here, address.error, provider.name)
    return redirect(address.value, await handOut(sealer, transaction, self, here.cookies))
  }

  async function end(here: Visit): Promise<Response> {
    const { query, self, cookies } = here
    const found = await findTransaction(sealer, query.get('state') ?? '', self, cookies, now())
    if (found.kind === 'none') return fail(here, { reason: 'no-transaction' }, null)
    const spent = [takeBack(query.get('state') ?? '')]
    if (found.kind === 'expired') return fail(here, { reason: 'transaction-expired' }, null, spent)
    const { transaction } = found
    const provider = here.origin.providers.includes(transaction.provider)
      ? providers.get(transaction.provider)
      : undefined
    if (!provider) return fail(here, { reason: 'no-transaction' }, null, spent)
    const rounds = recentRounds(cookies, now())
    if (rounds.length >= maxRounds) return fail(here, { reason: 'loop' }, provider.name, spent)
    const begun = await naming(() => settle(here, provider, transaction))
    if (!begun.ok) return fail(here, begun.error, provider.name, spent)
    const { cookie, subject } = begun.value
    parts.audit({ ...entryOf(here, provider.name), outcome: 'signed-in', reason: null, why: null, subject })
    return redirect(transaction.returnTo, [...spent, countRound(rounds, now()), setCookie(cookie)])
  }

  async function settle(
    here: Visit,
    provider: Provider,
    transaction: Transaction,
  ): Promise<Result<{ readonly cookie: string; readonly subject: string }, Failure>> {
    const { metadata, client } = await read(reading, provider, here.waitUntil)
    const known = { provider, metadata, client, bearer: reading.bearer, now, waitUntil: here.waitUntil }
    const exchanged = await exchange(known, transaction, here.query, here.self + callbackPath)
    if (!exchanged.ok) return exchanged
    const identity = identityOf(provider, exchanged.value.claims)
    return beginSession(parts, { ...identity, scopes: exchanged.value.tokens.scopes }, here)
  }

  function fail(here: Visit, failure: Failure, provider: string | null, cookies: readonly string[] = []): Response {
    const { reason, ...why } = failure
    parts.audit({ ...entryOf(here, provider), outcome: 'failed', reason, why, subject: null })
    const response = failurePage(failure, here.requestId)
    for (const cookie of cookies) response.headers.append('set-cookie', cookie)
    return response
  }

  function entryOf({ requestId, origin }: Visit, provider: string | null) {
    return { kind: 'sign-in', at: now(), requestId, origin: origin.name, provider } as const
  }
}

/** What a rule asked of this sign-in; whoever changes it in the address is asked by the rule again. */
function asksIn(query: URLSearchParams): Pick<Transaction, 'maxAgeSeconds' | 'acr'> {
  const maxAge = query.get('max_age') ?? ''
  const acr = query.get('acr_values') ?? ''
  return {
    maxAgeSeconds: /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : null,
    acr: /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(acr) ? acr : null,
  }
}

export interface Reading {
  readonly directory: ProviderDirectory
  readonly fetch: Fetch
  readonly bearer: BearerReader
  readonly now: () => number
}

async function read({ directory, fetch, now }: Reading, provider: Provider, waitUntil: WaitUntil) {
  const metadata = await directory.metadata(provider, waitUntil)
  return { metadata, client: await clientOf(provider, metadata, fetch, now()) }
}

/** A person's browser window, and not what it fetches in advance. */
const isPersonal = ({ method, headers }: Request): boolean =>
  method === 'GET' &&
  isNavigation({ method, headers }) &&
  !/prefetch|prerender/i.test(headers.get('sec-purpose') ?? headers.get('purpose') ?? '')

async function naming<T>(work: () => Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
  try {
    return await work()
  } catch (error) {
    const failure = failureOf(error)
    if (!failure) throw error
    return err(failure)
  }
}

function choicesOf(
  { providers: names }: Origin,
  providers: ReadonlyMap<string, Provider>,
  returnTo: string,
  asked: URLSearchParams,
) {
  return names.flatMap((name) => {
    const provider = providers.get(name)
    const query = new URLSearchParams({ provider: name, return_to: returnTo })
    for (const ask of ['max_age', 'acr_values']) if (asked.has(ask)) query.set(ask, asked.get(ask) ?? '')
    return provider ? { label: provider.label, href: `${signInPath}?${query}` } : []
  })
}

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, 'referrer-policy': 'no-referrer' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
