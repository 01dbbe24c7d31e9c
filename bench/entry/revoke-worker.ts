/** An instance of the gateway for `npm run bench:revoke`, on workerd. */

import { createWorker } from '../../src/runtime/workers.ts'

export { SessionObject } from '../../src/runtime/session-object.ts'

const routes = (paths: readonly object[]) => ({
  origins: [
    {
      name: 'app',
      host: 'app.test',
      upstream: { env: 'APP_URL' },
      session: true,
      rules: [...paths, { path: '/*', access: 'signed-in' }],
    },
  ],
})
const usual = createWorker(routes([{ path: '/strict', access: 'signed-in', freshness: 0 }]))
/** A store that may be late takes no strict rule. */
const late = createWorker(routes([]))

type Worker = typeof usual

export default {
  fetch: (...[request, env, context]: Parameters<Worker['fetch']>) =>
    (env['SESSION_STORE'] === 'kv' ? late : usual).fetch(request, env, context),
}
