import { defineGateway } from '../src/route/schema.ts'
import app from './app.ts'

export default defineGateway({
  issuers: {
    corp: {
      issuer: { env: 'CORP_ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['RS256', 'ES256'],
      roles: 'roles',
    },
  },
  providers: {
    corp: {
      issuer: { env: 'CORP_ISSUER' },
      clientId: 'gateway',
      clientSecret: { env: 'CORP_SECRET' },
      roles: 'roles',
    },
  },
  origins: [app],
})
