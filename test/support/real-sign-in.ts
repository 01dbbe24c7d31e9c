/** Gateways in this process, several over one store, whose people sign in at a real provider (oidc-provider). */

import type { GatewayParts } from '../../src/gateway.ts'
import type { SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createSignIn } from '../../src/sign-in/sign-in.ts'
import type { SignInEntry } from '../../src/sign-in-entry.ts'
import { openTestGateway, type TestGateway } from './gateway.ts'
import { clientSecret, type IdentityProvider, signInAtProvider } from './identity-provider.ts'
import { sealingKey, self } from './sign-in-gateway.ts'
import { createVisitor, overSockets, type Visitor } from './visitor.ts'

export interface RealSignIn {
  readonly provider: IdentityProvider
  readonly store: SessionStore
  readonly audit: SignInEntry[]
  /** Every line that any of the gateways logged of sessions. */
  readonly lines: () => string[]
  /** Another instance over the same store. */
  open(change?: { readonly store?: SessionStore; readonly fetch?: GatewayParts['fetch'] }): TestGateway
  readonly gateway: TestGateway
  browser(): Visitor
  /** Signs somebody in, and gives their cookie. */
  signIn(login?: string, visitor?: Visitor): Promise<string>
  /** Moves the clock of every gateway; the provider's stays. */
  pass(seconds: number): void
  now(): number
}

interface Asked {
  /** Of oidc-provider: its configuration. */
  readonly configuration?: object
  readonly config?: Record<string, unknown>
  readonly origin?: Record<string, unknown>
  readonly others?: readonly Record<string, unknown>[]
  readonly environment?: Record<string, string>
  readonly store?: (now: () => number) => SessionStore
}

/** The provider is started once and serves several of these, one after another. */
export async function openRealSignIn(provider: IdentityProvider, asked: Asked = {}): Promise<RealSignIn> {
  await provider.admit(self, asked.configuration)
  let ahead = 0
  const now = (): number => Date.now() / 1000 + ahead
  const store = asked.store?.(now) ?? createMemoryStore(now)
  const audit: SignInEntry[] = []
  const opened: TestGateway[] = []
  const routes = {
    providers: {
      corp: {
        issuer: provider.issuer,
        clientId: 'gateway',
        clientSecret: { env: 'CORP_SECRET' },
        ...asked.config,
      },
    },
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'https://app.example.net',
        session: true,
        providers: ['corp'],
        freshness: 0,
        rules: [
          { path: '/api/*', access: 'signed-in', accessToken: true },
          { path: '/*', access: 'signed-in' },
        ],
        ...asked.origin,
      },
      ...(asked.others ?? []),
    ],
  }
  const environment = {
    SESSION_STORE: 'memory',
    SEALING_KEY: sealingKey,
    CORP_SECRET: clientSecret,
    SESSION_IDLE_SECONDS: '43200',
    PROVIDER_TIMEOUT_MS: '10000',
    ...asked.environment,
  }
  const open: RealSignIn['open'] = (change = {}) => {
    const gateway = openTestGateway(routes, environment, {
      store: change.store ?? store,
      now,
      fetch: change.fetch ?? ((url, init) => fetch(url, init)),
      signIn: createSignIn,
      logSignIn: (entry) => void audit.push(entry),
    })
    opened.push(gateway)
    return gateway
  }
  const gateway = open()
  const browser = (): Visitor =>
    createVisitor((request) =>
      request.url.startsWith(self) ? gateway.gateway.endpoints.fetch(request) : overSockets(request),
    )
  return {
    provider,
    store,
    audit,
    lines: () => opened.flatMap(({ lines }) => lines),
    open,
    gateway,
    browser,
    async signIn(login = 'alice', visitor = browser()) {
      const back = await signInAtProvider(visitor, `${self}/.sallyport/sign-in`, login)
      const response = await visitor.go(back.href)
      if (response.status !== 303) throw new Error(`not signed in: ${JSON.stringify(audit.at(-1))}`)
      return `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
    },
    pass(seconds) {
      ahead += seconds
    },
    now,
  }
}
