/** Two hosts before an origin that sets nothing: one under each preset. */

import type { FetchHandler } from '../../src/runtime/fetch.ts'
import { createWorkersHandler } from '../../src/runtime/workers.ts'

const originOf = (preset: string) => ({
  name: preset,
  host: `${preset}.example.test`,
  upstream: { env: 'APP_URL' },
  redirectToHttps: true,
  headers: preset,
  rules: [{ path: '/*', access: 'public' }],
})
const routes = { origins: [originOf('legacy'), originOf('strict')] }

let handler: FetchHandler | undefined

export default {
  fetch(
    request: Request,
    env: Readonly<Record<string, unknown>>,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    handler ??= createWorkersHandler(routes, env)
    return handler(request, (work) => context.waitUntil(work))
  },
}
