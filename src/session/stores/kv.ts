/** Keeps sessions in Workers KV: everywhere at once, and up to a minute late. */

import type { SessionStore } from '../store.ts'

/** What is asked of a KV namespace: three of its methods. */
export interface KvNamespace {
  get(key: string, options: { readonly type: 'text'; readonly cacheTtl?: number }): Promise<string | null>
  put(key: string, value: string, options: { readonly expirationTtl: number }): Promise<void>
  delete(key: string): Promise<void>
}

// KV rejects a cacheTtl below 30 seconds and an expirationTtl below 60
const minCacheSeconds = 30
const minTtlSeconds = 60

export function createKvStore(namespace: KvNamespace): SessionStore {
  return {
    promises: { consistency: 'eventual', atomic: false, stalenessSeconds: 60 },
    read: (key) => namespace.get(key, { type: 'text', cacheTtl: minCacheSeconds }),
    write: (key, text, ttlSeconds) =>
      namespace.put(key, text, { expirationTtl: Math.max(minTtlSeconds, Math.ceil(ttlSeconds)) }),
    delete: (key) => namespace.delete(key),
  }
}
