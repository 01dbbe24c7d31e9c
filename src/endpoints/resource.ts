/** `/.well-known/oauth-protected-resource`: tells API clients whose tokens are taken here (RFC 9728). */

import { Hono } from 'hono/tiny'
import { selfOrigin } from '../head.ts'
import { resourceMetadataPath } from '../route/resource.ts'
import type { Origin, Table } from '../route/table.ts'

export interface ResourceEndpointParts {
  readonly table: Pick<Table, 'originOf'>
  /** Where TLS ends in front of this process; null: as the request came. */
  readonly publicScheme: 'http' | 'https' | null
}

/** True for the path, and for all below it: there the paths of resources stand. */
export const isOfResources = (target: string): boolean =>
  target.startsWith(resourceMetadataPath) && /^(?:[/?]|$)/.test(target.slice(resourceMetadataPath.length))

/** An origin that takes no tokens may have such a document of its own, for those that it takes itself. */
export const tellsOfResources = (origin: Origin | null): boolean => origin !== null && origin.resources.length > 0

/** For anyone to read, pages of any site included: it says nothing that a client mustn't know before it has a token. */
export function createResourceEndpoint({ table, publicScheme }: ResourceEndpointParts): Hono {
  const app = new Hono()
  app.on(['GET', 'OPTIONS'], [resourceMetadataPath, `${resourceMetadataPath}/*`], (c) => {
    const { protocol, host, pathname } = new URL(c.req.url)
    const resource = table.originOf(host)?.resources.find(({ path }) => `${resourceMetadataPath}${path}` === pathname)
    if (!resource) return c.notFound()
    c.header('Access-Control-Allow-Origin', '*')
    if (c.req.method === 'OPTIONS') {
      // MCP clients put a version of theirs into each request, and so ask before
      c.header('Access-Control-Allow-Headers', '*')
      c.header('Access-Control-Max-Age', '600')
      return c.body(null, 204)
    }
    const scheme = publicScheme ?? (protocol === 'https:' ? 'https' : 'http')
    c.header('Cache-Control', 'public, max-age=300')
    return c.json({
      resource: `${selfOrigin({ scheme, host })}${resource.path}`,
      authorization_servers: resource.issuers,
      ...(resource.scopes.length > 0 && { scopes_supported: resource.scopes }),
      bearer_methods_supported: ['header'],
    })
  })
  return app
}
