/** Two hosts of a site that share their sessions and one that doesn't, all in front of the old app, on Node. */

import { defineOrigin } from '../../../src/route/schema.ts'
import { serveNode } from '../../../src/runtime/node.ts'

const origin = (name: string, session: true | { site: string }) =>
  defineOrigin({
    name,
    host: `${name}.demo.localhost`,
    upstream: { env: 'APP_URL' },
    session,
    signIn: '/sign-in',
    identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Roles': 'roles' } },
    rules: [
      { path: '/sign-in', methods: ['GET', 'HEAD'], access: 'public' },
      { path: '/sign-in', methods: ['POST'], access: 'public', signIn: 'vouched' },
      { path: '/*', access: 'signed-in' },
    ],
  })

const shared = { site: 'demo.localhost' }
serveNode({ origins: [origin('shop', shared), origin('office', shared), origin('alone', true)] })
