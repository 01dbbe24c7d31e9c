/** Tells what a binding of Workers is by what it can do. */

import type { Upstream } from '../route/table.ts'
import type { SessionObjects } from '../session/stores/durable-object.ts'
import type { KvNamespace } from '../session/stores/kv.ts'

export interface Fetcher {
  fetch(url: string, init: RequestInit): Promise<Response>
}

/** What sends to this upstream: the binding that it names, or the runtime's own fetch. */
export function fetcherOf(upstream: Upstream, env: Readonly<Record<string, unknown>>): Fetcher {
  const binding = upstream.kind === 'binding' ? env[upstream.name] : null
  return isFetcher(binding) ? binding : globalThis
}

export const isFetcher = (value: unknown): value is Fetcher =>
  typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function'

export const isKv = (value: unknown): value is KvNamespace =>
  typeof value === 'object' && value !== null && 'get' in value && 'put' in value && 'delete' in value

/** True for a binding to Durable Objects. */
export const isObjects = (value: unknown): value is SessionObjects =>
  typeof value === 'object' && value !== null && 'getByName' in value
