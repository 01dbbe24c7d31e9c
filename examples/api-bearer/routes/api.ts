import { defineOrigin } from '../../../src/route/schema.ts'

/** An API for the pages of another host, and for machines: Bearer tokens only, no cookies. */
export default defineOrigin({
  name: 'api',
  host: ['api.example.com', 'localhost'],
  upstream: { env: 'API_URL' },
  bearer: ['people', 'machines'],
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles', 'X-Remote-Issuer': 'issuer' } },
  cors: {
    origins: ['https://console.example.com'],
    methods: ['GET', 'POST', 'DELETE'],
    headers: ['Authorization', 'Content-Type'],
  },
  timeouts: { firstByteSeconds: 10 },
  rules: [
    { path: '/status', methods: ['GET'], access: 'public' },
    { path: '/api/reports', methods: ['GET'], access: { scopes: ['reports.read'] } },
    {
      path: '/api/reports/:id',
      methods: ['DELETE'],
      access: { all: [{ scopes: ['reports.write'] }, { roles: ['admin'] }] },
    },
  ],
})
