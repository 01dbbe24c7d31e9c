/** Builds the head of a request, as a runtime would. */

import type { Head } from '../../src/head.ts'

/** `head('POST https://app.example.com/a?b', { cookie: '…' })` */
export function head(request: string, headers: Record<string, string> = {}): Head {
  const [, method = '', scheme = '', host = '', target = ''] = /^(\S+) (https?):\/\/([^/]*)(.*)$/s.exec(request) ?? []
  return {
    method,
    scheme: scheme as Head['scheme'],
    host,
    target: target || '/',
    headers: new Headers(headers),
    clientAddress: '192.0.2.1',
  }
}
