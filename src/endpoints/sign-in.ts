/** What signing in with a provider is to the gateway: plugged in where a runtime opens it, and nowhere imported. */

import type { Hono } from 'hono/tiny'
import type { KeyCache, KeyProvider } from '../authenticate/jwks.ts'
import type { Fetch } from '../authenticate/key-document.ts'
import type { WaitUntil } from '../authenticate/share.ts'
import type { Refusal } from '../decision.ts'
import type { Keeper } from '../keeper.ts'
import type { Result } from '../result.ts'
import type { Provider } from '../route/compile-provider.ts'
import type { Origin, Table } from '../route/table.ts'
import type { LifeParts } from '../session/life.ts'
import type { Live } from '../session/look.ts'
import type { Lifetimes } from '../session/settings.ts'
import type { Audit } from '../sign-in-entry.ts'
import type { Own } from './line.ts'

export interface SignInParts {
  readonly providers: ReadonlyMap<string, Provider>
  readonly table: Pick<Table, 'originOf'>
  readonly origins: readonly Origin[]
  /** For what a browser keeps while someone signs in; the first seals. */
  readonly sealingKeys: readonly Uint8Array<ArrayBuffer>[]
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

export interface SignIn {
  readonly endpoints: Hono<Own>
  /** The access token that the provider gave for this session, at this origin, and good now. */
  accessToken(asked: AskedToken, waitUntil: WaitUntil): Promise<Result<string, Refusal>>
  /**
   * Tells the provider that the session came from, once it has ended here. Never rejects.
   *
   * @returns the page that takes a person on to the provider; null: there is nothing more to do
   */
  leave(left: Left): Promise<Response | null>
}

export interface Left {
  /** As it was before its end. */
  readonly live: Live
  readonly origin: Origin
  /** `https://app.example.com` */
  readonly self: string
  /** A person's browser, which can be taken on. */
  readonly isNavigation: boolean
  readonly requestId: string
}

/** Whose access token is asked for. The session is known to be alive, and this origin's. */
export interface AskedToken {
  readonly cookie: string
  readonly origin: Origin
  readonly requestId: string
}

export type OpenSignIn = (parts: SignInParts) => SignIn
