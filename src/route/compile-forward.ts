/** Turns what the operator wrote about upstreams into what a forward reads. */

import type { Forwarding, Prefix } from './forwarding.ts'
import type { ForwardingConfig, UpstreamConfig } from './schema-forward.ts'
import type { Upstream } from './table.ts'

/** @param isShared whether the rule lets answers be kept for everybody */
export function compileForwarding(config: ForwardingConfig, isShared: boolean): Forwarding {
  const { timeouts, cookies } = config
  return {
    timeouts: {
      connectSeconds: timeouts?.connectSeconds ?? 10,
      firstByteSeconds: timeouts?.firstByteSeconds ?? 30,
      idleSeconds: timeouts?.idleSeconds ?? null,
      totalSeconds: timeouts?.totalSeconds ?? null,
    },
    retries: config.retries ?? 1,
    maxBodyBytes: config.limits?.bodyBytes ?? null,
    prefix: config.rewrite ? prefixOf(config.rewrite) : null,
    cookies: {
      secure: cookies?.secure ?? false,
      httpOnly: cookies?.httpOnly ?? false,
      sameSite: cookies?.sameSite ?? null,
    },
    isShared,
  }
}

const prefixOf = ({ from, to }: Prefix): Prefix => ({ from: withoutSlash(from), to: withoutSlash(to) })

const withoutSlash = (path: string): string => path.replace(/\/+$/, '')

/** In the order in which they are tried. */
export function upstreamsOf(
  config: UpstreamConfig,
  readUrl: (value: string | { env: string }) => string,
): readonly [Upstream, ...Upstream[]] {
  const [first, ...others] = Array.isArray(config) ? config : [config]
  if (first === undefined) throw new TypeError('the schema lets no empty list pass')
  return [upstreamOf(first, readUrl), ...others.map((other) => upstreamOf(other, readUrl))]
}

function upstreamOf(
  config: Exclude<UpstreamConfig, readonly unknown[]>,
  readUrl: (value: string | { env: string }) => string,
): Upstream {
  if (config === 'same-host') return { kind: 'same-host' }
  if (typeof config === 'object' && 'binding' in config) return { kind: 'binding', name: config.binding }
  const written = readUrl(config)
  // as it goes into a request line; what is no URL has been told of by now
  return { kind: 'url', base: (URL.parse(written)?.href ?? written).replace(/\/+$/, '') }
}
