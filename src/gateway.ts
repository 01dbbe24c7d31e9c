/** Puts the parts together: a head goes in, an answer or a plan comes out. */

import type { Hono } from 'hono/tiny'
import { type Authenticator, createAuthenticator } from './authenticate/authenticate.ts'
import { createBearerReader } from './authenticate/bearer.ts'
import { createIntrospector } from './authenticate/introspect.ts'
import { createKeyProvider, type KeyProviderParts } from './authenticate/jwks.ts'
import { createOpaqueReader } from './authenticate/opaque.ts'
import { createRevocationReader } from './authenticate/revocation.ts'
import { createSessionReader } from './authenticate/session.ts'
import type { WaitUntil } from './authenticate/share.ts'
import { createTokenMemory } from './authenticate/token-memory.ts'
import { type Beginning, createBeginning } from './begin.ts'
import { type DecideParts, decide } from './decide.ts'
import type { Decision } from './decision.ts'
import { createEndpoints } from './endpoints/endpoints.ts'
import type { Own } from './endpoints/line.ts'
import type { ReportEntry } from './endpoints/reports.ts'
import { isOfResources, tellsOfResources } from './endpoints/resource.ts'
import type { OpenSignIn } from './endpoints/sign-in.ts'
import { createAssertionSigner } from './forward/assertion.ts'
import { createNameFilter } from './forward/request-headers.ts'
import { createUpstreamMemory } from './forward/upstreams.ts'
import { type Head, isHost } from './head.ts'
import { createKeeper, type SessionEvent } from './keeper.ts'
import type { LogEntry } from './log-entry.ts'
import { createLogs } from './logs.ts'
import { createMaking } from './made.ts'
import { once } from './once.ts'
import { createRandomHex } from './random.ts'
import type { Gateway as Config } from './route/compile.ts'
import { createTable } from './route/table.ts'
import { createAddressBook } from './session/address.ts'
import type { SessionStore } from './session/store.ts'
import type { Settings } from './settings.ts'
import { createCsrfTokens } from './shield/csrf-token.ts'
import type { SignInEntry } from './sign-in-entry.ts'

export interface GatewayParts {
  readonly config: Config
  readonly settings: Settings
  /** null: this deployment keeps no sessions. */
  readonly store: SessionStore | null
  /** What instances share of the keys of issuers. */
  readonly keyCache?: KeyProviderParts['cache']
  /** In place of verifying anything: `sallyport explain --as`, and nobody else. */
  readonly authenticate?: Authenticator
  /** Absent: nobody signs in with a provider here. */
  readonly signIn?: OpenSignIn
  /** Where it is told who signed in, and who could not. */
  readonly logSignIn?: (entry: SignInEntry) => void
  /** For keys of issuers and for providers only; requests are the runtime's to send. */
  readonly fetch: KeyProviderParts['fetch']
  /** Seconds since the epoch. */
  readonly now: () => number
  readonly log: (entry: LogEntry) => void
  /** What happens to sessions: made, rotated, ended, refused. */
  readonly logEvent?: (event: SessionEvent) => void
  /** Where reports of broken policies go; without it none are taken. */
  readonly logReport?: (entry: ReportEntry) => void
}

export interface Gateway extends Beginning {
  /** The very decision that `begin` acts on, for those who only ask: `sallyport explain`. */
  decide(head: Head, waitUntil: WaitUntil): Promise<Decision>
  /** True for what `endpoints` answers, and no rule: it is never forwarded, whatever the routes say. */
  owns(head: Pick<Head, 'host' | 'target'>): boolean
  /** Serves what lives under `/.sallyport/` and `/.well-known/sallyport/`, and tells API clients of the issuers. */
  readonly endpoints: Hono<Own>
}

/** True for the paths that are never forwarded and that no rule can shadow, on whatever host. */
export const isOwnPath = (target: string): boolean =>
  /^\/(?:\.sallyport|\.well-known\/sallyport)(?:[/?]|$)/.test(target)

export function createGateway(parts: GatewayParts): Gateway {
  const { config, settings, store, now, log } = parts
  const keys = createKeyProvider({
    fetch: parts.fetch,
    now,
    timeoutMilliseconds: settings.keysTimeoutMilliseconds,
    cache: parts.keyCache,
  })
  const opaque = createOpaqueReader({
    introspector: createIntrospector(parts.fetch, now, settings.keysTimeoutMilliseconds),
    now,
    timeoutMilliseconds: settings.keysTimeoutMilliseconds,
  })
  const book = createAddressBook(settings.placeKey)
  const logs = createLogs({ settings, book, log, logEvent: parts.logEvent, logSignIn: parts.logSignIn })
  const looking = store && { store, book, now, timeoutMilliseconds: settings.storeTimeoutMilliseconds }
  const sessions = looking && createSessionReader({ ...looking, unknownPerSecond: settings.session.unknownPerSecond })
  const revocations = looking && createRevocationReader(looking)
  const tokens = createTokenMemory({ bearer: createBearerReader(keys, now), keys, now })
  const keeper =
    looking && sessions && revocations
      ? createKeeper({ ...looking, sessions, revocations, lifetimes: settings.session, log: logs.event })
      : null
  const csrf = settings.csrfKeys.length > 0 ? createCsrfTokens(settings.csrfKeys, now) : null
  const table = createTable(config.origins)
  const deciding: DecideParts = {
    table,
    csrf,
    issuers: config.issuers,
    now,
    authenticate: parts.authenticate ?? createAuthenticator(tokens, opaque, sessions, revocations),
  }
  const signIn = once(() =>
    looking && keeper && parts.signIn && config.providers.size > 0
      ? parts.signIn({
          providers: config.providers,
          table,
          origins: config.origins,
          sealingKeys: settings.sealingKeys,
          life: looking,
          keeper,
          lifetimes: settings.session,
          keys,
          cache: parts.keyCache,
          fetch: parts.fetch,
          timeoutMilliseconds: settings.providerTimeoutMilliseconds,
          publicScheme: settings.publicScheme,
          now,
          audit: logs.signIn,
        })
      : null,
  )
  const vouching = keeper && settings.vouchSecret !== null ? { keeper, secret: settings.vouchSecret, signIn } : null
  const memory = createUpstreamMemory(now)
  const planning = {
    isDropped: createNameFilter(identityNames(config)),
    name: settings.gatewayName,
    inOrder: memory.inOrder,
    random: createRandomHex(),
  }
  const signer =
    settings.assertionKeys.length > 0
      ? createAssertionSigner(settings.assertionKeys, settings.assertionIssuer, now)
      : null
  const making = createMaking({ signer, signIn })
  const endpoints = once(() =>
    createEndpoints({
      line: { table, log: logOwn, now },
      signer,
      resources: { table, publicScheme: settings.publicScheme },
      csrf: csrf && { table, tokens: csrf, authenticate: deciding.authenticate, now },
      visitor: keeper && {
        table,
        authenticate: deciding.authenticate,
        keeper,
        signIn: signIn(),
        publicScheme: settings.publicScheme,
        now,
      },
      admin: keeper && settings.adminSecret !== null ? { secret: settings.adminSecret, keeper, table, now } : null,
      check:
        settings.checkSecret === null
          ? null
          : {
              secret: settings.checkSecret,
              decide: (head, waitUntil) => decide(deciding, head, waitUntil),
              making,
              log: (entry, refusal) => logOwn(entry, refusal !== null),
              now,
            },
      signIn: signIn(),
      reports: parts.logReport ? { table, now, log: parts.logReport } : null,
    }),
  )

  return {
    ...createBeginning({ deciding, planning, memory, making, vouching, logs }),
    decide: (head, waitUntil) => decide(deciding, head, waitUntil),
    // at no host at all nothing is ours: that is refused by whoever decides, and never forwarded either
    owns: ({ host, target }) =>
      (isOwnPath(target) || (isOfResources(target) && tellsOfResources(table.originOf(host)))) && isHost(host),
    get endpoints() {
      return endpoints()
    },
  }

  function logOwn(entry: LogEntry, isRefused: boolean): void {
    if (logs.wants(isRefused)) logs.request(entry, (work) => void work)
  }
}

/** Every header that any origin takes for an identity: a client may send none of them, to any origin. */
export const identityNames = (config: Config): readonly string[] =>
  config.origins.flatMap(({ routes }) =>
    routes.flatMap(({ identity }) => (identity ? identity.headers.map(([name]) => name) : [])),
  )
