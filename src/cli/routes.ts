/** `sallyport routes`: every rule in precedence, and apart from them those that let strangers in. */

import type { Gateway } from '../route/compile.ts'
import type { Route, Upstream } from '../route/table.ts'
import { sayAccess } from './access.ts'
import { columns } from './columns.ts'
import { readSoundConfiguration } from './configuration.ts'
import { placeHelp, placeOptions, type Verb } from './verb.ts'

export const routes: Verb = {
  name: 'routes',
  summary: 'print every rule in precedence, and what strangers reach',
  help: `Usage: npx sallyport routes [--routes DIR]

The first rule that matches host, path and method decides; no rule means 404. The second list is what can
be reached without signing in: read it before you deploy.

${placeHelp}`,
  options: placeOptions,
  positionals: [],
  async run(given, io) {
    const { gateway } = await readSoundConfiguration(given, io)
    const rules = gateway.origins.flatMap((origin) => origin.routes)
    const open = rules.filter(({ access }) => access === 'public' || access === 'optional')
    if (given.flag('json')) {
      io.out(JSON.stringify({ rules: rules.map(entryOf), withoutSigningIn: open.map(entryOf), own: ownPaths }, null, 2))
      return 0
    }
    io.out(table(gateway, rules))
    io.out('\nReachable without signing in:\n')
    io.out(open.length > 0 ? table(gateway, open) : '  no rule')
    io.out(`\n  and the gateway's own: ${ownPaths.join(', ')}`)
    return 0
  },
}

const ownPaths = ['/.sallyport/*', '/.well-known/sallyport/*', '/.well-known/oauth-protected-resource (with bearer)']

const entryOf = (route: Route) => ({
  origin: route.origin.name,
  rule: route.index,
  hosts: route.origin.hosts,
  path: route.path,
  methods: route.methods ? [...route.methods] : null,
  access: route.access,
  vouches: route.vouches,
  upstream: sayUpstream(route.origin.upstream),
})

function table(gateway: Gateway, rules: readonly Route[]): string {
  const rows = rules.map((route) => [
    `${route.origin.name}[${route.index}]`,
    route.origin.hosts.join(' '),
    route.path,
    route.methods ? [...route.methods].join(' ') : 'any',
    route.vouches ? `${sayAccess(route.access)}; its answer may sign in` : sayAccess(route.access),
    sayUpstream(route.origin.upstream),
  ])
  const head = ['rule', 'host', 'path', 'methods', 'who may', 'upstream']
  return gateway.origins.length > 0 ? columns([head, ...rows]) : ''
}

/** The upstream as an address, a binding's name, or `same-host`. */
export function sayUpstream(upstream: Upstream): string {
  if (upstream.kind === 'url') return upstream.base
  return upstream.kind === 'binding' ? `binding ${upstream.name}` : 'same-host'
}
