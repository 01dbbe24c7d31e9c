/** Runs on Deno: the store on Deno KV, lent to a test by HTTP. */

import { createDenoKvStore, type DenoKv } from '../../src/session/stores/deno-kv.ts'

declare const Deno: {
  openKv(path: string): Promise<DenoKv>
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): unknown
}

const store = createDenoKvStore(Deno.openKv(':memory:'))

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, async (request) => {
  const [method, values] = (await request.json()) as ['read' | 'write' | 'swap' | 'raise' | 'delete' | 'list', never[]]
  const call = store[method] as (...values: never[]) => Promise<unknown>
  return Response.json({ result: (await call(...values)) ?? null })
})
