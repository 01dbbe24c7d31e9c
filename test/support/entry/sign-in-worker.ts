/** The gateway whose people sign in at a real provider, on workerd. */

import type { FetchHandler } from '../../../src/runtime/fetch.ts'
import { createWorkersHandler } from '../../../src/runtime/workers.ts'
import routes from '../sign-in-routes.ts'

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
