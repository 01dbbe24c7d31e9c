/** The gateway that the browser meets: one old application, with a rule for each thing that a browser can be tricked into. */

import { defineGateway, defineOrigin } from '../../../src/route/schema.ts'

export const friend = 'https://console.friend.test'
/** Of the same site as the application: its cookie travels. */
export const console = 'https://console.example.test'
const self = "'self'"

const app = defineOrigin({
  name: 'app',
  host: 'app.example.test',
  upstream: { env: 'APP_URL' },
  session: true,
  redirectToHttps: true,
  identity: { headers: { 'X-Remote-User': 'subject' } },
  rules: [
    { path: '/login', access: 'public' },
    { path: '/account', access: 'public' },
    { path: '/only-get/*', methods: ['GET'], access: 'public', cors: { origins: [friend] } },
    {
      path: '/api/*',
      access: 'signed-in',
      cors: {
        origins: [friend, console, 'https://*.family.test'],
        credentials: true,
        methods: ['GET', 'POST', 'PUT'],
        headers: ['Content-Type', 'X-Custom'],
        expose: ['X-Total'],
      },
    },
    { path: '/open/*', access: 'public', cors: { origins: [friend], headers: ['X-Custom'] } },
    { path: '/anyone/*', access: 'public', cors: { origins: '*' } },
    { path: '/theirs/*', access: 'public', cors: 'upstream' },
    { path: '/siblings/*', access: 'signed-in', csrf: { siblings: true } },
    { path: '/hook/*', access: 'signed-in', csrf: 'exempt' },
    { path: '/reporting/*', access: 'signed-in', mode: 'report', cors: { origins: [friend] } },
    { path: '/strict/*', access: 'public', headers: 'strict' },
    {
      path: '/framed/*',
      access: 'public',
      headers: { preset: 'legacy', csp: { directives: { 'frame-ancestors': [friend] } } },
    },
    {
      path: '/nonce/*',
      access: 'public',
      headers: {
        csp: {
          directives: { 'default-src': [self], 'object-src': ["'none'"], 'base-uri': ["'none'"] },
          nonce: true,
          reports: true,
        },
      },
    },
    {
      path: '/watched/*',
      access: 'public',
      headers: { csp: { directives: { 'default-src': [self] }, reportOnly: true, reports: true } },
    },
    { path: '/mixed/*', access: 'public', headers: { csp: { directives: { 'upgrade-insecure-requests': true } } } },
    { path: '/form/*', access: 'signed-in', csrf: { token: true } },
    { path: '/*', access: 'signed-in' },
  ],
})

export default defineGateway({ origins: [app] })
