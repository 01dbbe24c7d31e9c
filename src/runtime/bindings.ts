/** Tells what a binding of Workers is by what it can do. */

import type { KvNamespace } from '../session/stores/kv.ts'

export interface Fetcher {
  fetch(url: string, init: RequestInit): Promise<Response>
}

export const isFetcher = (value: unknown): value is Fetcher =>
  typeof value === 'object' && value !== null && 'fetch' in value && typeof value.fetch === 'function'

export const isKv = (value: unknown): value is KvNamespace =>
  typeof value === 'object' && value !== null && 'get' in value && 'put' in value && 'delete' in value
