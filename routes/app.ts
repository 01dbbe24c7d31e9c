import { defineOrigin } from '../src/route/schema.ts'

export default defineOrigin({
  name: 'app',
  host: ['localhost', '127.0.0.1', 'app.example.com'],
  upstream: { env: 'APP_URL' },
  session: true,
  bearer: ['corp'],
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email', 'X-Remote-Roles': 'roles' } },
  rules: [
    { path: '/assets/*', methods: ['GET', 'HEAD'], access: 'public' },
    { path: '/admin/*', access: { roles: ['admin'] } },
    { path: '/*', access: 'signed-in' },
  ],
})
