/** A gateway on workerd whose look-ups take long enough that requests meet in them. */

import { createWorker } from '../../../src/runtime/workers.ts'

const routes = {
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
      rules: [
        { path: '/strict', access: 'signed-in', freshness: 0.001 },
        { path: '/*', access: 'signed-in' },
      ],
    },
  ],
}

export default createWorker(routes)
