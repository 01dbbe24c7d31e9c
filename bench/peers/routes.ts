/** The gateway as one of the peers: the paths, the issuer and the header that their benchmark asks for. */

import { defineGateway, defineOrigin } from '../../src/route/schema.ts'

export default defineGateway({
  issuers: {
    peers: {
      issuer: 'http://127.0.0.1:9000',
      audience: 'bench-api',
      algorithms: ['RS256', 'ES256'],
      jwks: 'http://127.0.0.1:9000/jwks',
    },
  },
  origins: [
    defineOrigin({
      name: 'peers',
      host: '127.0.0.1',
      upstream: 'http://127.0.0.1:9000',
      session: true,
      bearer: ['peers'],
      headers: 'legacy',
      identity: { headers: { 'X-Auth-Sub': 'subject' } },
      rules: [
        { path: '/p/*', access: 'public' },
        { path: '/*', access: 'signed-in' },
      ],
    }),
  ],
})
