/** The gateway whose people sign in with a browser at a real provider. */

import { defineGateway } from '../../../src/route/schema.ts'

export default defineGateway({
  providers: {
    corp: { issuer: { env: 'CORP_ISSUER' }, clientId: 'gateway', clientSecret: { env: 'CORP_SECRET' } },
  },
  origins: [
    {
      name: 'app',
      host: 'localhost',
      upstream: { env: 'APP_URL' },
      session: true,
      providers: ['corp'],
      freshness: 0,
      identity: { headers: { 'X-Remote-User': 'subject' } },
      rules: [
        { path: '/hook', access: 'signed-in', csrf: 'exempt' },
        { path: '/payments', access: { signedInWithin: 15 } },
        { path: '/*', access: 'signed-in' },
      ],
    },
  ],
})
