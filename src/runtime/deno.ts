/** The gateway on Deno: the adapter, and the entry of `deno run`. */

import type { Readable } from 'node:stream'
import routes from '../../routes/index.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { createFetchHandler } from './fetch.ts'
import { openGateway } from './runtime.ts'
import { refusalOf, send } from './undici.ts'

interface DenoGlobal {
  readonly env: { toObject(): Record<string, string> }
  serve(
    options: { hostname: string; port: number; onListen(address: { hostname: string; port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Promise<Response>,
  ): unknown
}
declare const Deno: DenoGlobal

/**
 * Listens on `HOST` (default 127.0.0.1) and `PORT` (default 8787).
 *
 * @param memory what the store `memory` is, on this process
 */
export function serveDeno(config: unknown, memory = createMemoryStore(() => Date.now() / 1000)): void {
  const env = Deno.env.toObject()
  const { gateway, settings } = openGateway(config, env, {
    name: 'deno',
    openStore: (name) => (name === 'memory' ? memory : null),
    hasBinding: () => false,
    hasZone: false,
  })
  const addresses = new WeakMap<Request, string>()
  const handler = createFetchHandler({
    gateway,
    facts: (request) => ({
      scheme: settings.publicScheme ?? (request.url.startsWith('https:') ? 'https' : 'http'),
      clientAddress: addresses.get(request) ?? null,
    }),
    async send(plan, body, signal) {
      const sent = await send(plan, body, signal)
      if (plan.method !== 'HEAD' && sent.status !== 204 && sent.status !== 304)
        return { ...sent, body: streamOf(sent.body) }
      // to the end, which is here: so the connection can be used again
      await sent.body.dump()
      return { ...sent, body: null }
    },
    refusalOf,
  })
  const background = (work: Promise<unknown>): void => void work.catch(() => undefined)
  Deno.serve(
    {
      hostname: env['HOST'] ?? '127.0.0.1',
      port: Number(env['PORT'] ?? 8787),
      onListen: ({ hostname, port }) => console.error(`sallyport: listening on http://${hostname}:${port}`),
    },
    (request, info) => {
      addresses.set(request, info.remoteAddr.hostname)
      return handler(request, background)
    },
  )
}

/** `Readable.toWeb` of Deno throws, uncaught, when the stream is cancelled while data is on its way. */
function streamOf(readable: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = readable[Symbol.asyncIterator]()
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => void readable.destroy(),
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}

if (import.meta.main) serveDeno(routes)
