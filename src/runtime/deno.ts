/** The gateway on Deno: the adapter, and the entry of `deno run`. */

import routes from '../../routes/index.ts'
import { createMemoryStore } from '../session/stores/memory.ts'
import { createFetchHandler } from './fetch.ts'
import { openGateway } from './runtime.ts'

interface DenoGlobal {
  readonly env: { toObject(): Record<string, string> }
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Promise<Response>,
  ): unknown
}
declare const Deno: DenoGlobal

/** Listens on `HOST` (default 127.0.0.1) and `PORT` (default 8787). */
export function serveDeno(config: unknown): void {
  const env = Deno.env.toObject()
  const { gateway, settings } = openGateway(config, env, {
    name: 'deno',
    openStore: (name) => (name === 'memory' ? createMemoryStore(() => Date.now() / 1000) : null),
    hasBinding: () => false,
    hasZone: false,
  })
  const addresses = new WeakMap<Request, string>()
  const handler = createFetchHandler({
    gateway,
    decodesBodies: true,
    facts: (request) => ({
      scheme: settings.publicScheme ?? (request.url.startsWith('https:') ? 'https' : 'http'),
      clientAddress: addresses.get(request) ?? null,
    }),
    send: (plan, init) => fetch(plan.url, init),
  })
  const background = (work: Promise<unknown>): void => void work.catch(() => undefined)
  Deno.serve(
    {
      hostname: env['HOST'] ?? '127.0.0.1',
      port: Number(env['PORT'] ?? 8787),
      onListen: ({ port }) => console.error(`sallyport: listening on ${port}`),
    },
    (request, info) => {
      addresses.set(request, info.remoteAddr.hostname)
      return handler(request, background)
    },
  )
}

if (import.meta.main) serveDeno(routes)
