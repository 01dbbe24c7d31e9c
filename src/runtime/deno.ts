/** The gateway on Deno: the adapter, and the entry of `deno run`. */

import routes from '../../routes/index.ts'
import { createDenoKvStore } from '../session/stores/deno-kv.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import type { DenoGlobal } from './deno-global.ts'
import { createFetchHandler } from './fetch.ts'
import { readBag } from './native-headers.ts'
import { openGateway } from './runtime.ts'
import { refusalOf, send } from './undici.ts'
import { streamOf } from './upstream-body.ts'
import { dialDeno } from './websocket-deno.ts'

declare const Deno: DenoGlobal

/** Listens on `HOST` (default 127.0.0.1) and `PORT` (default 8787); `memory` is the store of that name. */
export function serveDeno(config: unknown, memory = createMemoryStore(() => Date.now() / 1000)): void {
  const env = Deno.env.toObject()
  const { gateway, settings } = openGateway(config, env, {
    name: 'deno',
    openStore(name) {
      if (name === 'memory') return memory
      return name === 'deno-kv' && Deno.openKv ? createDenoKvStore(Deno.openKv(env['DENO_KV_PATH'])) : null
    },
    hasBinding: () => false,
    hasZone: false,
  })
  const addresses = new WeakMap<Request, string>()
  const handler = createFetchHandler({
    gateway,
    read: readBag,
    facts: (request) => ({
      // this server speaks http; `GET https://…` in a request line is the client's word
      scheme: settings.publicScheme ?? 'http',
      clientAddress: addresses.get(request) ?? null,
    }),
    async send(plan, body, { whenGivenUp }) {
      const sent = await send(plan, body, whenGivenUp)
      if (plan.method === 'HEAD' || sent.status === 204 || sent.status === 304) return { ...sent, body: null }
      // no socket reads into shared memory
      const whole = sent.body.whole() as Uint8Array<ArrayBuffer> | null
      return whole ? { ...sent, body: null, whole } : { ...sent, body: streamOf(sent.body) }
    },
    refusalOf,
    dial: (plan, request, signal) => dialDeno(plan, request, signal, Deno.upgradeWebSocket),
  })
  Deno.serve(
    {
      hostname: env['HOST'] ?? '127.0.0.1',
      port: Number(env['PORT'] ?? 8787),
      onListen: ({ hostname, port }) => console.error(`sallyport: listening on http://${hostname}:${port}`),
    },
    (request, info) => {
      addresses.set(request, info.remoteAddr.hostname)
      return handler(request, (work) => void work.catch(() => undefined))
    },
  )
}

if (import.meta.main) serveDeno(routes)
