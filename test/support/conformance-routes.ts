/** One configuration for the three runtimes: what the conformance suite sends its exchanges through. */

import { defineGateway, defineOrigin } from '../../src/route/schema.ts'

const app = defineOrigin({
  name: 'app',
  host: ['app.test', '*.apps.test'],
  upstream: { env: 'APP_URL' },
  session: true,
  bearer: ['corp'],
  signIn: '/public/login',
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email', 'X-Remote-Roles': 'roles' } },
  cors: { origins: ['https://console.test'], credentials: true },
  rules: [
    { path: '/public/slow', access: 'public', timeouts: { firstByteSeconds: 0.5 } },
    { path: '/public/idle', access: 'public', timeouts: { idleSeconds: 1.5 } },
    { path: '/public/total', access: 'public', timeouts: { totalSeconds: 1.5 } },
    { path: '/public/small', access: 'public', limits: { bodyBytes: 10 } },
    { path: '/public/once', access: 'public', retries: 0 },
    { path: '/public/assets/*', access: 'public', cache: { key: 'url' } },
    { path: '/public/app/*', access: 'public', rewrite: { from: '/public/app', to: '/legacy' } },
    { path: '/public/*', access: 'public' },
    { path: '/optional/*', access: 'optional' },
    { path: '/admin/*', access: { roles: ['admin'] } },
    { path: '/scoped/*', access: { scopes: ['write'] } },
    { path: '/reads/*', methods: ['GET', 'HEAD'], access: 'signed-in' },
    { path: '/form/slow', access: 'signed-in', csrf: { token: true }, timeouts: { firstByteSeconds: 0.5 } },
    { path: '/form/*', access: 'signed-in', csrf: { token: true } },
    { path: '/signed-in/basic', access: 'signed-in', pass: { authorization: true } },
    { path: '/signed-in/*', access: 'signed-in' },
    { path: '/own-cors/*', access: 'signed-in', cors: 'upstream' },
  ],
})

const loose = defineOrigin({
  name: 'loose',
  host: 'loose.test',
  upstream: { env: 'APP_URL' },
  paths: { encodedSlash: true, pathParameters: true, emptySegments: true },
  rules: [{ path: '/*', access: 'public' }],
})

const iis = defineOrigin({
  name: 'iis',
  host: 'iis.test',
  upstream: { env: 'APP_URL' },
  bearer: ['corp'],
  paths: { caseInsensitive: true },
  rules: [
    { path: '/admin/*', access: 'signed-in' },
    { path: '/*', access: 'public' },
  ],
})

const down = defineOrigin({
  name: 'down',
  host: 'down.test',
  upstream: { env: 'DOWN_URL' },
  rules: [{ path: '/*', access: 'public' }],
})

const hung = defineOrigin({
  name: 'hung',
  host: 'hung.test',
  upstream: { env: 'APP_URL' },
  bearer: ['hung'],
  rules: [{ path: '/*', access: 'signed-in' }],
})

const opaque = defineOrigin({
  name: 'opaque',
  host: 'opaque.test',
  upstream: { env: 'APP_URL' },
  bearer: ['asked'],
  identity: { headers: { 'X-Remote-User': 'subject' } },
  rules: [{ path: '/*', access: 'signed-in' }],
})

export default defineGateway({
  issuers: {
    corp: {
      issuer: { env: 'ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['RS256', 'ES256'],
      roles: 'roles',
    },
    asked: {
      issuer: { env: 'ISSUER' },
      audience: 'https://api.example.com',
      introspection: { clientId: 'gateway', clientSecret: { env: 'INTROSPECTION_SECRET' } },
    },
    hung: {
      issuer: { env: 'HUNG_ISSUER' },
      audience: 'https://api.example.com',
      algorithms: ['RS256'],
    },
  },
  origins: [app, loose, iis, down, hung, opaque],
})
