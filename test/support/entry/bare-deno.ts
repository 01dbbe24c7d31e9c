/** The same on Deno: its own server, its own fetch. */

import process from 'node:process'

interface DenoGlobal {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): unknown
}
declare const Deno: DenoGlobal

Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.error(`listening on http://127.0.0.1:${port}`) },
  (request) => {
    const { pathname, search } = new URL(request.url)
    return fetch(`${process.env['APP_URL']}${pathname}${search}`, {
      method: request.method,
      body: request.body,
      redirect: 'manual',
    })
  },
)
