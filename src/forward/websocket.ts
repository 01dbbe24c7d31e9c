/** What makes a request the handshake of a WebSocket (RFC 6455 section 4.1). */

import type { Head } from '../head.ts'

/** `GET`, `Upgrade: websocket` and a `Connection` that names it: anything less is an ordinary request. */
export const isHandshake = ({ method, headers }: Pick<Head, 'method' | 'headers'>): boolean =>
  method === 'GET' &&
  headers.get('upgrade')?.toLowerCase() === 'websocket' &&
  (headers.get('connection') ?? '').split(',').some((name) => name.trim().toLowerCase() === 'upgrade')

/**
 * A handshake that every server reads the same: one key of 16 bytes, the one version there is, and no body. Past any
 * other, one side could take the connection for a tunnel and the other for requests that nobody judged.
 */
export const isSoundHandshake = ({ headers }: Pick<Head, 'headers'>): boolean =>
  /^[A-Za-z\d+/]{22}==$/.test(headers.get('sec-websocket-key') ?? '') &&
  headers.get('sec-websocket-version') === '13' &&
  headers.get('transfer-encoding') === null &&
  (headers.get('content-length') ?? '0') === '0'
