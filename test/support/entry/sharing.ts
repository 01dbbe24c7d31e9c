/** A gateway on workerd whose look-ups take long enough that requests meet in them. */

import { createWorker } from '../../../src/runtime/workers.ts'

const routes = (strict: readonly object[]) => ({
  issuers: {
    corp: {
      issuer: { env: 'ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['RS256'],
      jwks: { env: 'KEYS_URL' },
    },
  },
  origins: [
    {
      name: 'app',
      host: 'app.test',
      upstream: { env: 'APP_URL' },
      session: true,
      bearer: ['corp'],
      rules: [...strict, { path: '/*', access: 'signed-in' }],
    },
  ],
})
/** KV may be late, and takes no strict rule. */
const onKv = createWorker(routes([]))
const elsewhere = createWorker(routes([{ path: '/strict', access: 'signed-in', freshness: 0 }]))

type Worker = typeof onKv

export default {
  fetch: (...[request, env, context]: Parameters<Worker['fetch']>) =>
    (env['SESSION_STORE'] === 'kv' ? onKv : elsewhere).fetch(request, env, context),
}
