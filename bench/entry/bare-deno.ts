/** Deno by itself: forwards the request as it is, by its own fetch. The limit there. */

import process from 'node:process'

interface DenoGlobal {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): unknown
}
declare const Deno: DenoGlobal

const { ORIGIN, SINK } = process.env

Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.error(`listening on http://127.0.0.1:${port}`) },
  ({ url, method, headers, body }) =>
    fetch((method === 'POST' ? SINK : ORIGIN) + url.slice(url.indexOf('/', 8)), {
      method,
      headers,
      body,
      redirect: 'manual',
    }),
)
