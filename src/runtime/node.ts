/** The gateway on Node: the adapter, and the entry of `node src/runtime/node.ts`. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import process from 'node:process'
import { getRequestListener } from '@hono/node-server'
import routes from '../../routes/index.ts'
import type { Gateway } from '../gateway.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { answerNode, factsOf } from './node-http.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { openGateway } from './runtime.ts'
import { answerUpgrade } from './tunnel.ts'

/**
 * Listens on `HOST` (default 127.0.0.1) and `PORT` (default 8787).
 *
 * @param memory what the store `memory` is, on this process
 */
export function serveNode(config: unknown, memory = createMemoryStore(() => Date.now() / 1000)): Server {
  const { gateway, settings } = openGateway(config, process.env, {
    name: 'node',
    openStore: (name) => (name === 'memory' ? memory : null),
    hasBinding: () => false,
    hasZone: false,
  })
  const endpoints = getRequestListener((request, { incoming }) => gateway.endpoints.fetch(request, factsOf(incoming)), {
    overrideGlobalObjects: false,
  })
  const answer = oneAtATime((incoming, outgoing) => {
    if (isOwn(gateway, incoming)) void endpoints(incoming, outgoing)
    else void answerNode(gateway, settings.publicScheme, incoming, outgoing)
  })
  const server = createServer({ ...limits, shouldUpgradeCallback: (asked) => isHandshake(gateway, asked) }, answer)
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, first: Buffer) => {
    // before Node 24.9 whatever wants another protocol comes here, h2c too
    if (isHandshake(gateway, incoming)) void answerUpgrade(gateway, settings.publicScheme, incoming, socket, first)
    else socket.destroy()
  })
  // nobody is asked for a body before it is decided that somebody wants it (RFC 9110 section 10.1.1)
  server.on('checkContinue', answer)
  server.listen(Number(process.env['PORT'] ?? 8787), process.env['HOST'] ?? '127.0.0.1', () => {
    const { address, port } = server.address() as AddressInfo
    console.error(`sallyport: listening on http://${address}:${port}`)
  })
  return server
}

const isHandshake = (gateway: Gateway, incoming: IncomingMessage): boolean =>
  incoming.method === 'GET' && incoming.headers.upgrade?.toLowerCase() === 'websocket' && !isOwn(gateway, incoming)

/** Of two Host headers Node takes the first; whoever else sees that request refuses it. */
const isOwn = (gateway: Gateway, incoming: IncomingMessage): boolean =>
  gateway.owns({ host: incoming.headers.host ?? '', target: incoming.url ?? '' }) &&
  incoming.headersDistinct['host']?.length === 1

/** A client that dribbles its head holds a connection for so long and no longer; a body takes the time that it takes. */
const limits = { headersTimeout: 20_000, requestTimeout: 0, keepAliveTimeout: 75_000, maxHeaderSize: 65_536 }

if (import.meta.main) serveNode(routes)
