import { defineOrigin } from '../src/route/schema.ts'

/** The app that `npm start` puts behind the gateway. Make it yours: the host, the upstream, who may go where. */
export default defineOrigin({
  name: 'app',
  host: ['localhost', '127.0.0.1', 'app.example.com'],
  upstream: { env: 'APP_URL' },
  session: true,
  bearer: ['corp'],
  providers: ['corp'],
  signIn: '/sign-in',
  identity: {
    headers: {
      'X-Remote-User': 'subject',
      // the app vouches for some, the issuer for others: each has names of its own
      'X-Remote-Issuer': 'issuer',
      'X-Remote-Email': 'claims.email',
      'X-Remote-Roles': 'roles',
    },
  },
  rules: [
    { path: '/assets/*', methods: ['GET', 'HEAD'], access: 'public' },
    { path: '/sign-in', methods: ['GET', 'HEAD'], access: 'public' },
    { path: '/sign-in', methods: ['POST'], access: 'public', signIn: 'vouched' },
    { path: '/admin/*', access: { roles: ['admin'] } },
    { path: '/api/*', access: { scopes: ['reports.read'] } },
    { path: '/*', access: 'signed-in' },
  ],
})
