/** Finds in wrangler.toml what would let requests past the gateway, or a secret into git. */

import type { Problem } from '../route/problem.ts'
import { settingSecrets } from '../settings.ts'

export type Table = Readonly<Record<string, unknown>>

export const record = (value: unknown): Table => (typeof value === 'object' && value !== null ? { ...value } : {})

/** Of the whole file: what stands in an environment that isn't asked about is deployed one day, too. */
export function wranglerFindings(config: Table, file: string): Problem[] {
  const sections: [at: string, section: Table][] = [
    ['', config],
    ...Object.entries(record(config['env'])).map(([name, section]): [string, Table] => [
      `env.${name}.`,
      record(section),
    ]),
  ]
  return sections.flatMap(([at, section]) => [
    ...cacheInFront(at, section, file),
    ...narrowPatterns(at, section, file),
    ...secretsInVars(at, section, file),
  ])
}

/** A cache in front of the Worker would hand one person's page to the next: no Worker is asked who they are. */
const cacheInFront = (at: string, section: Table, file: string): Problem[] =>
  section['cache'] === true || record(section['cache'])['enabled'] === true
    ? [
        {
          file,
          path: `${at}cache.enabled`,
          value: 'true',
          message: 'this puts a cache in front of the gateway: it answers without asking who may',
          fix: 'delete it',
        },
      ]
    : []

/** Cloudflare's patterns tell case and encodings apart, and one with a scheme leaves the other scheme to the origin. */
function narrowPatterns(at: string, section: Table, file: string): Problem[] {
  const several: readonly unknown[] = Array.isArray(section['routes']) ? section['routes'] : []
  const routes = [...several.map((route, index) => [`routes[${index}]`, route]), ['route', section['route']]] as const
  return routes.flatMap(([place, route]) => {
    const pattern = typeof route === 'string' ? route : record(route)['pattern']
    if (typeof pattern !== 'string' || record(route)['custom_domain'] === true || /^[^/]+\/\*$/.test(pattern)) return []
    const host = /^(?:\w+:\/\/)?([^/]+)/.exec(pattern)?.[1] ?? 'app.example.com'
    return {
      file,
      path: `${at}${place}${typeof route === 'string' ? '' : '.pattern'}`,
      value: JSON.stringify(pattern),
      message: 'what this pattern misses goes to the origin unguarded',
      fix: `write "${host}/*"; what is public, the rules say`,
    }
  })
}

const secretsInVars = (at: string, section: Table, file: string): Problem[] =>
  Object.keys(record(section['vars']))
    .filter((name) => settingSecrets.has(name))
    .map((name) => ({
      file,
      path: `${at}vars.${name}`,
      value: 'a secret, not shown',
      message: 'a secret in a file that goes to git',
      fix: `delete it here; npx wrangler secret put ${name}, and for wrangler dev .dev.vars`,
    }))
