/** The gateway on Cloudflare Workers: the adapter, and the entry that wrangler deploys. */

import routes from '../../routes/index.ts'
import { fetcherOf, isFetcher, isKv, openBoundStore } from './bindings.ts'
import { createFetchHandler, type FetchHandler } from './fetch.ts'
import { writeNonce } from './html-rewriter.ts'
import { lazyBag } from './native-headers.ts'
import { openOrRefuse } from './runtime.ts'
import { sendWorkers } from './subrequest.ts'
import { dialWorkers } from './websocket-workers.ts'

type Env = Readonly<Record<string, unknown>>

interface Worker {
  fetch(request: Request, env: Env, context: { waitUntil(work: Promise<unknown>): void }): Promise<Response>
}

export { SessionObject } from './session-object.ts'
export default createWorker(routes)

/** What a Worker's entry exports. The gateway is put together on the first request, when the bindings are known. */
export function createWorker(config: unknown): Worker {
  let handler: FetchHandler | undefined
  return {
    fetch(request, env, context) {
      handler ??= createWorkersHandler(config, env)
      return handler(request, (work) => context.waitUntil(work))
    },
  }
}

function createWorkersHandler(config: unknown, env: Env): FetchHandler {
  return createFetchHandler({
    gateway: openOrRefuse(config, env, {
      name: 'workerd',
      openStore: (name) => openBoundStore(name, env),
      shared: isKv(env['SESSIONS']) ? env['SESSIONS'] : undefined,
      hasBinding: (name) => isFetcher(env[name]),
      hasZone: true,
    }),
    read: lazyBag,
    facts: (request, url) => ({ scheme: schemeOf(url), clientAddress: addressOf(request) }),
    send: (plan, body, watch, theirs) => sendWorkers(fetcherOf(plan.upstream, env), plan, body, watch, theirs),
    endsForsaken: true,
    dial: (plan, _, signal) => dialWorkers(plan, fetcherOf(plan.upstream, env), signal),
    writeNonce,
    refusalOf: (error) => ({
      reason: 'upstream-unreachable',
      cause: error instanceof Error ? error.message : 'unknown',
    }),
  })
}

const schemeOf = (url: string): 'http' | 'https' => (url.startsWith('https:') ? 'https' : 'http')

/** Cloudflare sets it, whatever the client wrote; without `cf` there is no Cloudflare in front. To read `cf` is dear. */
function addressOf(request: Request & { readonly cf?: unknown }): string | null {
  const address = request.headers.get('cf-connecting-ip')
  return address !== null && request.cf ? address : null
}
