/** The gateway with whatever routes a test gives it, on workerd. */

import { createWorker } from '../../../src/runtime/workers.ts'

let worker: ReturnType<typeof createWorker> | undefined

export default {
  fetch(
    request: Request,
    env: Readonly<Record<string, unknown>>,
    context: { waitUntil(work: Promise<unknown>): void },
  ): Promise<Response> {
    worker ??= createWorker(JSON.parse(String(env['TEST_ROUTES'])))
    return worker.fetch(request, env, context)
  },
}
