import { defineGateway } from '../../../src/route/schema.ts'
import api from './api.ts'

export default defineGateway({
  issuers: {
    // people, who sign in at your identity provider; their roles are where Keycloak puts them
    people: {
      issuer: { env: 'PEOPLE_ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['RS256', 'ES256'],
      roles: 'realm_access.roles',
    },
    // machines: an issuer of its own, so that one can't speak for the other
    machines: {
      issuer: { env: 'MACHINES_ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['ES256'],
      maxAgeSeconds: 3600,
    },
  },
  origins: [api],
})
