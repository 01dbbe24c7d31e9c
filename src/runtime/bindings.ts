/** Tells what a binding of Workers is by what it can do. */

import type { Upstream } from '../route/table.ts'
import type { SessionStore } from '../session/store.ts'
import { createDurableObjectStore, type SessionObjects } from '../session/stores/durable-object.ts'
import { createKvStore, type KvNamespace } from '../session/stores/kv.ts'

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

/** The store of that name behind `SESSIONS` or `SESSION_OBJECTS`; null where nothing of the kind is bound. */
export function openBoundStore(name: string, env: Readonly<Record<string, unknown>>): SessionStore | null {
  const { SESSIONS: kv, SESSION_OBJECTS: objects } = env
  if (name === 'kv' && isKv(kv)) return createKvStore(kv)
  return name === 'durable-object' && isObjects(objects) ? createDurableObjectStore(objects) : null
}

/** True for a binding to Durable Objects. */
const isObjects = (value: unknown): value is SessionObjects =>
  typeof value === 'object' && value !== null && 'getByName' in value
