/** What the benchmark guards: one host for each kind of route, all in front of the same upstream. */

import { defineGateway, defineOrigin, type OriginConfig, type RuleConfig } from '../../src/route/schema.ts'

const common: Pick<OriginConfig, 'session' | 'bearer' | 'headers' | 'identity'> = {
  session: true,
  bearer: ['bench', 'hmac'],
  headers: 'legacy',
  identity: { headers: { 'X-Remote-User': 'subject', 'X-Remote-Email': 'claims.email', 'X-Remote-Roles': 'roles' } },
}

const rules: RuleConfig[] = [
  { path: '/p/*', access: 'public' },
  { path: '/s/*', access: 'signed-in' },
]

/** The rule that is asked for stands last; all that stand before it are of other paths. */
const ruled = (count: number): OriginConfig => {
  const others = Array.from({ length: count - 1 }, (_, at): RuleConfig => ({ path: `/x${at}/*`, access: 'signed-in' }))
  const last: RuleConfig = { path: '/p/*', access: 'public' }
  return { ...common, name: `rules${count}`, host: `rules${count}.test`, upstream, rules: [...others, last] }
}

const upstream = { env: 'ORIGIN' }

export default defineGateway({
  issuers: {
    bench: {
      issuer: 'https://issuer.bench.test',
      audience: 'bench',
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      jwks: { env: 'JWKS_URL' },
      roles: 'roles',
    },
    hmac: {
      issuer: 'https://hmac.bench.test',
      audience: 'bench',
      algorithms: ['HS256'],
      secret: { env: 'HMAC_SECRET' },
      roles: 'roles',
    },
  },
  origins: [
    defineOrigin({ ...common, name: 'plain', host: 'plain.test', upstream, rules }),
    defineOrigin({ ...common, name: 'sink', host: 'sink.test', upstream: { env: 'SINK' }, rules }),
    defineOrigin({
      ...common,
      name: 'shield',
      host: 'shield.test',
      upstream,
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
    }),
    ...[10, 100, 1000].map(ruled),
  ],
})
