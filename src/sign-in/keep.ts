/** Which of a provider's tokens are kept: those that somebody will ask for, and no others. */

import type * as oauth from 'oauth4webapi'
import type { Provider } from '../route/compile-provider.ts'
import type { Origin } from '../route/table.ts'
import type { Kept } from './kept.ts'
import type { Tokens } from './tokens.ts'

interface Uses {
  /** The origins that the session is good at. */
  readonly origins: readonly Origin[]
  readonly metadata: oauth.AuthorizationServer
  /** Whether the store can see to it that a refresh token is used once. */
  readonly isAtomic: boolean
}

/** @returns null: none */
export function keptOf(tokens: Tokens, { name }: Provider, { origins, metadata, isAtomic }: Uses): Kept | null {
  const isForwarded = origins.some(({ routes }) => routes.some(({ accessToken }) => accessToken))
  const isHint = metadata.end_session_endpoint !== undefined
  if (!isForwarded && !isHint) return null
  return {
    provider: name,
    idToken: isHint ? tokens.idToken : null,
    accessToken: isForwarded ? tokens.accessToken : null,
    refreshToken: isForwarded && isAtomic ? tokens.refreshToken : null,
    expiresAt: tokens.expiresAt,
    dueAt: tokens.dueAt,
  }
}
