/** One application behind two hosts: with all of the shield, and with as little of it as there can be. */

import { createWorker } from '../../src/runtime/workers.ts'

const common = { upstream: { env: 'APP_URL' }, session: true, identity: { headers: { 'X-Remote-User': 'subject' } } }
const rules = [
  { path: '/assets/*', access: 'public' },
  { path: '/admin/*', access: { roles: ['admin'] } },
  { path: '/*', access: 'signed-in' },
]
const routes = {
  origins: [
    {
      ...common,
      name: 'with',
      host: 'with.test',
      headers: {
        preset: 'strict',
        csp: { directives: { 'default-src': ["'self'"], 'frame-ancestors': ["'none'"] }, reports: true },
      },
      cors: {
        origins: ['https://console.test', 'https://*.family.test'],
        credentials: true,
        headers: ['Content-Type'],
        expose: ['X-Total'],
      },
      csrf: { origins: ['https://partner.test'], siblings: true },
      rules,
    },
    { ...common, name: 'without', host: 'without.test', headers: {}, csrf: 'exempt', rules },
  ],
}

export default createWorker(routes)
