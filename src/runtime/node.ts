/** The gateway on Node: the adapter, and the entry of `node src/runtime/node.ts`. */

import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import process from 'node:process'
import { getRequestListener } from '@hono/node-server'
import routes from '../../routes/index.ts'
import { isOwnPath } from '../gateway.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { openGateway } from './runtime.ts'
import { answerNode, headersOf } from './undici.ts'

/** Listens on `HOST` (default 127.0.0.1) and `PORT` (default 8787). */
export function serveNode(config: unknown): Server {
  const { env } = process
  const { gateway, settings } = openGateway(config, env, {
    name: 'node',
    openStore: (name) => (name === 'memory' ? createMemoryStore(() => Date.now() / 1000) : null),
    hasBinding: () => false,
    hasZone: false,
  })
  const endpoints = getRequestListener(gateway.endpoints.fetch)
  const server = createServer((incoming, outgoing) => {
    const target = incoming.url ?? ''
    if (isOwnPath(target)) return void endpoints(incoming, outgoing)
    const hosts = incoming.headersDistinct['host'] ?? []
    const head = {
      method: incoming.method ?? '',
      scheme: settings.publicScheme ?? ('encrypted' in incoming.socket ? ('https' as const) : ('http' as const)),
      // two Host headers are no host at all (RFC 9112 section 3.2)
      host: hosts.length === 1 ? (hosts[0] ?? '') : '',
      target,
      headers: headersOf(incoming),
      clientAddress: addressOf(incoming.socket),
    }
    void answerNode(gateway, head, incoming, outgoing)
  })
  server.listen(Number(env['PORT'] ?? 8787), env['HOST'] ?? '127.0.0.1', () =>
    console.error(`sallyport: listening on ${JSON.stringify(server.address())}`),
  )
  return server
}

/** An IPv4 address that the socket writes as IPv6 is the same address. */
const addressOf = (socket: Socket): string | null => socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null

if (import.meta.main) serveNode(routes)
