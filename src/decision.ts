/** What was decided about a request, and every reason there is to refuse one. Knows no HTTP. */

import type { Principal } from './principal.ts'
import type { Target } from './route/path.ts'
import type { Access } from './route/schema.ts'
import type { Origin, Route } from './route/table.ts'

export type Decision = Forward | Preflight | Refuse

/** Let it through, as this principal (null: nobody was asked for, or nobody came). */
export interface Forward {
  readonly kind: 'forward'
  readonly route: Route
  /** The target that was matched: the one that is forwarded. */
  readonly target: Target
  readonly principal: Principal | null
  /** What would have been refused, had the rule not been told to report only. */
  readonly would?: Refusal
  /** A preflight, for the upstream to answer: it takes no credential and no body with it. */
  readonly isBare?: true
  /** Nothing goes on before the form's own token is found: the browser said nothing of where it comes from. */
  readonly awaits?: FormToken
}

/** Where a CSRF token is to be found, and what it has to agree with. */
export interface FormToken {
  readonly form: FormKind
  /** The value of the session's cookie. */
  readonly session: string
  /** `Cookie`, as it came. */
  readonly cookies: string
}

export type FormKind = { readonly kind: 'urlencoded' } | { readonly kind: 'multipart'; readonly boundary: string }

/** A CORS preflight: answered here, by the route that the announced request will meet. */
export interface Preflight {
  readonly kind: 'preflight'
  readonly route: Route
}

export interface Refuse {
  readonly kind: 'refuse'
  readonly refusal: Refusal
  /** The route that was found, or null when it never came to that. */
  readonly route: Route | null
  /** The origin that was asked, where there is one. */
  readonly origin: Origin | null
  /** Who it was, where that is known: for the log, never for the answer. */
  readonly principal: Principal | null
}

/** Why a request is refused, with every fact worth logging. Closed: a new reason fails to compile in respond.ts. */
export type Refusal =
  | { readonly reason: 'ambiguous-path'; readonly fault: PathFault }
  | {
      readonly reason: 'malformed'
      readonly what: 'target' | 'host' | 'cookie' | 'authorization' | 'origin' | 'handshake' | 'length' | 'body'
    }
  | { readonly reason: 'too-large'; readonly what: 'target' | 'cookie' | 'authorization' | 'headers' | 'body' }
  | { readonly reason: 'method-refused'; readonly method: string }
  | { readonly reason: 'no-host'; readonly host: string }
  | { readonly reason: 'no-rule' }
  | { readonly reason: 'not-https' }
  | { readonly reason: 'no-credential' }
  | { readonly reason: 'bad-token'; readonly fault: TokenFault }
  | { readonly reason: 'bad-session'; readonly fault: SessionFault }
  | { readonly reason: 'forged'; readonly from: string }
  /** A preflight that CORS doesn't grant, and what it lacks. */
  | { readonly reason: 'cross-origin'; readonly from: string; readonly lacks: 'origin' | 'method' | 'headers' }
  | { readonly reason: 'not-allowed'; readonly needs: Access }
  /** Signing in anew would do, so recently or in one of these ways (RFC 9470). */
  | { readonly reason: 'sign-in-anew'; readonly withinSeconds: number | null; readonly acr: readonly string[] }
  | { readonly reason: 'missing-scope'; readonly scopes: readonly string[] }
  | { readonly reason: 'store-unavailable'; readonly cause: string }
  | { readonly reason: 'keys-unavailable'; readonly issuer: string; readonly cause: string }
  | { readonly reason: 'issuer-unavailable'; readonly issuer: string; readonly cause: string }
  /** The upstream gets the person's access token, and there is none that is good just now. */
  | { readonly reason: 'token-unavailable'; readonly cause: string }
  | { readonly reason: 'upstream-unreachable'; readonly cause: string }
  | { readonly reason: 'loop'; readonly via: string }
  | { readonly reason: 'upstream-timeout'; readonly seconds: number }
  /** The client let us wait for what had to be read before anything could be forwarded. */
  | { readonly reason: 'client-timeout'; readonly seconds: number }
  | { readonly reason: 'fault'; readonly cause: string }

/** What makes a path one that two servers could read differently. */
export type PathFault =
  | 'not a path'
  | 'fragment'
  | 'backslash'
  | 'control character'
  | 'raw character'
  | 'invalid percent-encoding'
  | 'encoded control character'
  | 'encoded backslash'
  | 'encoded slash'
  | 'needless encoding'
  | 'double encoding'
  | 'dot segment'
  | 'path parameter'
  | 'empty segment'
  | 'case'
  | 'windows name'
  | 'readings differ'

export type TokenFault =
  | 'malformed'
  | 'scheme'
  | 'issuer'
  | 'audience'
  | 'algorithm'
  | 'type'
  | 'critical header'
  | 'key'
  | 'signature'
  | 'expiry'
  | 'expired'
  | 'not yet valid'
  | 'too old'
  | 'subject'
  | 'bound to a key'
  | 'inactive'
  | 'revoked'

export type SessionFault =
  | 'malformed'
  | 'unknown'
  | 'corrupt'
  | 'version'
  | 'expired'
  | 'ended'
  | 'elsewhere'
  | 'without token'

export const refuse = (
  refusal: Refusal,
  route: Route | null = null,
  principal: Principal | null = null,
  origin: Origin | null = route?.origin ?? null,
): Refuse => ({
  kind: 'refuse',
  refusal,
  route,
  principal,
  origin,
})
