/** Finds the route of a request. What it costs depends on the path's length, not on how many rules there are. */

import { err, ok, type Result } from '../result.ts'
import type { Forwarding } from './forwarding.ts'
import { foldSegment, type PathOptions } from './path.ts'
import type { Pattern } from './pattern.ts'
import type { Segments } from './readings.ts'
import type { Resource } from './resource.ts'
import type { Access } from './schema.ts'
import type { Shield } from './shield.ts'

/** A host we guard and the upstream behind it. */
export interface Origin {
  readonly name: string
  /** Exact or `*.` wildcard, lower case. */
  readonly hosts: readonly string[]
  /** The first of its upstreams. */
  readonly upstream: Upstream
  /** In the order in which they are tried. */
  readonly upstreams: readonly Upstream[]
  /** For how long one that couldn't be reached is asked last. */
  readonly restSeconds: number
  readonly paths: PathOptions
  /** Whether its cookie is read. */
  readonly session: boolean
  readonly sessionOptions: SessionOptions
  /** Names of the issuers whose Bearer tokens it takes; empty: `Authorization` isn't read. */
  readonly bearer: readonly string[]
  /** Whether one of them is asked about tokens that are no JWT. */
  readonly introspects: boolean
  /** What API clients are told of, so that they find the issuer; empty: nothing. */
  readonly resources: readonly Resource[]
  /** Names of the providers that people sign in with here. */
  readonly providers: readonly string[]
  /** Where a navigation without credential is sent. */
  readonly signIn: string | null
  /** What comes by http is sent to https, before anything else is looked at. */
  readonly redirectToHttps: boolean
  /** For answers where no rule was met, and for the endpoints of our own. */
  readonly shield: Shield
  readonly routes: readonly Route[]
}

export interface SessionOptions {
  /** The claims that a page of this origin may read of its session. */
  readonly claims: readonly string[]
  readonly clearSiteData: boolean
  /** The domain under which the cookie is shared; null: it is this host's own. */
  readonly site: string | null
  /** The names of the origins that a session begun here is good at: this one, and those of the same site. */
  readonly sharedWith: readonly string[]
}

export type Upstream =
  | { readonly kind: 'url'; readonly base: string }
  | { readonly kind: 'binding'; readonly name: string }
  | { readonly kind: 'same-host' }

/** Of a rule that doesn't write its freshness. */
export const usualFreshnessSeconds = 5

/** A rule together with its origin: what matching finds, with nothing left to inherit. */
export interface Route extends Shield {
  readonly origin: Origin
  /** Its place in the file, from 0. */
  readonly index: number
  /** As the operator wrote it. */
  readonly path: string
  readonly pattern: Pattern
  /** null: every method but TRACE and CONNECT. */
  readonly methods: ReadonlySet<string> | null
  readonly access: Access
  readonly forwarding: Forwarding
  /** For how many seconds a looked-up session may be believed without asking again; {@link usualFreshnessSeconds} unless written. */
  readonly freshnessSeconds: number
  /** For how many seconds it may be believed when the store can't be asked. */
  readonly staleIfErrorSeconds: number
  /** The upstream's answer may sign somebody in. */
  readonly vouches: boolean
  /** The path of the resource that it belongs to; null: nobody is told of any. */
  readonly resource: string | null
  readonly identity: IdentityHeaders | null
  readonly passAuthorization: boolean
  /** The upstream gets the access token that the provider gave for the session. */
  readonly accessToken: boolean
  readonly passSessionCookie: boolean
}

export interface IdentityHeaders {
  /** Header name → where its value comes from, as a path: `['subject']`, `['claims', 'email']`. */
  readonly headers: readonly (readonly [name: string, selector: readonly string[]])[]
  readonly encoding: 'percent' | 'base64url'
  readonly assertion: boolean
}

export interface Table {
  /** The origin that claims a host (with or without port, any case), or null. */
  originOf(host: string): Origin | null
  /** First match in file order; every reading of the path must meet the same rule. */
  find(origin: Origin, method: string, readings: readonly Segments[]): Result<Route | null, 'readings differ'>
}

/** A name of 255 (RFC 1035 section 2.3.4), and a port. */
const maxHostChars = 261

/** @param origins each host claimed once, as the linter has seen to */
export function createTable(origins: readonly Origin[]): Table {
  const exact = new Map<string, Origin>()
  const wildcard = new Map<string, Origin>()
  const trees = new Map<Origin, Node>()
  for (const origin of origins) {
    for (const host of origin.hosts) {
      if (host.startsWith('*.')) wildcard.set(host.slice(1), origin)
      else exact.set(host, origin)
    }
    trees.set(origin, plant(origin))
  }

  return {
    originOf(host) {
      if (host.length > maxHostChars) return null
      const name = withoutPort(host).toLowerCase()
      const found = exact.get(name)
      if (found) return found
      // '*.a.b' stands as '.a.b': a dot at 0 would leave no label for the star
      for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
        const origin = wildcard.get(name.slice(dot))
        if (origin) return origin
      }
      return null
    },
    find(origin, method, readings) {
      const tree = trees.get(origin)
      if (!tree) return ok(null)
      const [plain = [], ...others] = readings
      const route = search(tree, plain, 0, method, null)
      for (const reading of others) if (search(tree, reading, 0, method, null) !== route) return err('readings differ')
      return ok(route)
    },
  }
}

/** `example.com:8080` → `example.com`; an IPv6 literal keeps its brackets. */
export function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':')
  return colon > host.lastIndexOf(']') ? host.slice(0, colon) : host
}

/** One segment of the patterns of an origin, with those that end here. */
interface Node {
  literal: Map<string, Node> | null
  name: Node | null
  here: readonly Route[]
  rest: readonly Route[]
  /** The first rule at or below this node, so that later ones needn't be looked for. */
  readonly first: number
}

const none: readonly Route[] = []

// most nodes are leaves, so what a node may do without isn't made: a small tree stays in the processor's cache
const node = (first: number): Node => ({ literal: null, name: null, here: none, rest: none, first })

function plant(origin: Origin): Node {
  const root = node(0)
  // routes come in file order, so whoever makes a node is the first at or below it
  for (const route of origin.routes) {
    let at = root
    for (const segment of route.pattern.segments) {
      at = segment === null ? nameChild(at, route) : literalChild(at, foldSegment(segment, origin.paths), route)
    }
    if (route.pattern.rest) at.rest = [...at.rest, route]
    else at.here = [...at.here, route]
  }
  return root
}

function nameChild(parent: Node, { index }: Route): Node {
  parent.name ??= node(index)
  return parent.name
}

function literalChild(parent: Node, segment: string, { index }: Route): Node {
  parent.literal ??= new Map()
  const child = parent.literal.get(segment) ?? node(index)
  parent.literal.set(segment, child)
  return child
}

function search(at: Node, segments: Segments, depth: number, method: string, best: Route | null): Route | null {
  if (best && at.first >= best.index) return best
  const segment = segments[depth]
  let found = earlier(best, at.rest, method)
  if (segment === undefined) return earlier(found, at.here, method)
  const literal = at.literal?.get(segment)
  if (literal) found = search(literal, segments, depth + 1, method, found)
  if (at.name && segment !== '') found = search(at.name, segments, depth + 1, method, found)
  return found
}

function earlier(best: Route | null, routes: readonly Route[], method: string): Route | null {
  for (const route of routes) {
    if (best && route.index > best.index) return best
    if (!route.methods || route.methods.has(method)) return route
  }
  return best
}
