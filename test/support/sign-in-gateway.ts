/** A gateway whose people sign in with scripted providers, all in one process. */

import { expect } from 'vitest'
import type { SessionStore } from '../../src/session/store.ts'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { createSignIn } from '../../src/sign-in/sign-in.ts'
import type { SignInEntry } from '../../src/sign-in-entry.ts'
import { openTestGateway, type TestGateway } from './gateway.ts'
import { createScriptedProvider, type ScriptedProvider } from './scripted-provider.ts'
import { createVisitor, type Visitor } from './visitor.ts'

export const self = 'https://app.example.com'
export const sealingKey = 'c2VhbGluZy1rZXktb2YtdGhlLXRlc3RzLTMyLWJ5dGU'

/** What each authorization request says. */
export const codeRequest = {
  client_id: 'gateway',
  response_type: 'code',
  redirect_uri: `${self}/.sallyport/callback/corp`,
  scope: 'openid profile email',
  state: expect.stringMatching(/^[\w-]{43}$/),
  nonce: expect.stringMatching(/^[\w-]{43}$/),
  code_challenge: expect.stringMatching(/^[\w-]{43}$/),
  code_challenge_method: 'S256',
}

export interface SignInGateway extends TestGateway {
  readonly provider: ScriptedProvider
  readonly store: SessionStore
  readonly audit: SignInEntry[]
  readonly visitor: Visitor
  /** Another browser. */
  stranger(): Visitor
  /** Moves the clock of the gateway. */
  pass(seconds: number): void
  /** Begins a sign-in and lets the provider know its nonce. */
  start(visitor?: Visitor, path?: string): Promise<URL>
  /** The provider's answer to an authorization request. */
  answer(asked: URL, change?: Record<string, string>): string
}

interface Change {
  readonly provider?: Record<string, unknown>
  readonly origin?: Record<string, unknown>
  readonly environment?: Record<string, string>
  readonly store?: SessionStore
  readonly more?: Record<string, unknown>
  /** Other providers that answer, by their issuers. */
  readonly beside?: readonly ScriptedProvider[]
  readonly others?: readonly Record<string, unknown>[]
}

export async function openSignInGateway(change: Change = {}): Promise<SignInGateway> {
  const provider = await createScriptedProvider()
  const routes = {
    providers: {
      corp: { issuer: provider.issuer, clientId: 'gateway', clientSecret: { env: 'CORP_SECRET' }, ...change.provider },
      ...change.more,
    },
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'https://app.example.net',
        session: true,
        providers: ['corp'],
        identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } },
        rules: [{ path: '/*', access: 'signed-in' }],
        ...change.origin,
      },
      ...(change.others ?? []),
    ],
  }
  let ahead = 0
  const now = (): number => Date.now() / 1000 + ahead
  const store = change.store ?? createMemoryStore(now)
  const audit: SignInEntry[] = []
  const opened = openTestGateway(
    routes,
    { SESSION_STORE: 'memory', SEALING_KEY: sealingKey, CORP_SECRET: 'a secret: with+signs', ...change.environment },
    {
      store,
      now,
      fetch: (url, init) => (change.beside?.find((other) => isOf(other, url)) ?? provider).fetch(url, init),
      signIn: createSignIn,
      logSignIn: (entry) => void audit.push(entry),
    },
  )
  const open = (): Visitor => createVisitor((request) => opened.gateway.endpoints.fetch(request))
  const visitor = open()
  return {
    ...opened,
    provider,
    store,
    audit,
    visitor,
    stranger: open,
    pass(seconds) {
      ahead += seconds
    },
    async start(who = visitor, path = '/.sallyport/sign-in?return_to=/orders%3Fpage=2') {
      const response = await who.go(self + path)
      const asked = new URL(response.headers.get('location') ?? 'about:blank')
      provider.nonce = asked.searchParams.get('nonce') ?? ''
      return asked
    },
    answer(asked, changed = {}) {
      const query = new URLSearchParams({
        code: 'a-code',
        state: asked.searchParams.get('state') ?? '',
        iss: provider.issuer,
        ...changed,
      })
      for (const [name, value] of [...query]) if (value === '') query.delete(name)
      return `${self}/.sallyport/callback/corp?${query}`
    },
  }
}

/** Below its issuer, or where its document says. */
const isOf = ({ issuer, discovery }: ScriptedProvider, url: string): boolean =>
  url.startsWith(issuer) || Object.values(discovery).includes(url)
