/** The routes of the tests that sign in for real: the environment says where everything is. */

import { defineGateway } from '../../src/route/schema.ts'

export default defineGateway({
  providers: {
    corp: {
      issuer: { env: 'CORP_ISSUER' },
      clientId: 'gateway',
      clientSecret: { env: 'CORP_SECRET' },
      roles: 'roles',
    },
  },
  origins: [
    {
      name: 'app',
      host: ['127.0.0.1', 'app.localhost'],
      upstream: { env: 'APP_URL' },
      session: true,
      providers: ['corp'],
      freshness: 0,
      identity: {
        headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email', 'X-Remote-Roles': 'roles' },
      },
      rules: [
        { path: '/public', access: 'public' },
        { path: '/admin/*', access: { roles: ['admin'] } },
        { path: '/payments', access: { signedInWithin: 12 } },
        { path: '/api/*', access: 'signed-in', accessToken: true },
        { path: '/*', access: 'signed-in' },
      ],
    },
  ],
})
