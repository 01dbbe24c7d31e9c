/** Keeps sessions in Workers KV: everywhere at once, and up to a minute late. */

import { isLater, type Key, pageSize, promisesOf, type SessionStore, StoreFault } from '../store.ts'

/** What is asked of a KV namespace: four of its methods. */
export interface KvNamespace {
  get(key: string, options: { readonly type: 'text'; readonly cacheTtl?: number }): Promise<string | null>
  get(
    keys: string[],
    options: { readonly type: 'text'; readonly cacheTtl?: number },
  ): Promise<ReadonlyMap<string, string | null>>
  put(key: string, value: string, options: { readonly expirationTtl?: number }): Promise<void>
  delete(key: string): Promise<void>
  list(options: { readonly prefix: string; readonly limit: number; readonly cursor?: string }): Promise<KvListing>
}

interface KvListing {
  readonly keys: readonly { readonly name: string }[]
  readonly list_complete: boolean
  readonly cursor?: string
}

// KV rejects a cacheTtl below 30 seconds, an expirationTtl below 60, and more than 100 keys at once
const reading = { type: 'text', cacheTtl: 30 } as const
const minTtlSeconds = 60
const maxKeys = 100

export function createKvStore(namespace: KvNamespace): SessionStore {
  return {
    promises: promisesOf.kv,
    read,
    write,
    async swap(key, before, text, ttlSeconds) {
      const [there] = await read([key])
      if (there !== before) return false
      await write(key, text, ttlSeconds)
      return true
    },
    // KV can't compare and set: of two that are raised at once the lower may stand
    async raise(key, time, ttlSeconds) {
      const [there = null] = await read([key])
      if (isLater(time, there)) await write(key, time, ttlSeconds)
    },
    delete: (key) => namespace.delete(nameOf(key)),
    async list(place, after) {
      const prefix = `${place}/session:`
      const page = await namespace.list({ prefix, limit: pageSize, ...(after !== null && { cursor: after }) })
      const keys = page.keys.map(({ name }) => ({ place, name: name.slice(place.length + 1) }))
      const texts = await read(keys)
      const stored = keys.flatMap((key, at) => {
        const text = texts[at]
        return typeof text === 'string' ? { key, text } : []
      })
      return { stored, next: page.list_complete ? null : (page.cursor ?? null) }
    },
  }

  async function read(keys: readonly Key[]): Promise<(string | null)[]> {
    const names = keys.map(nameOf)
    const found: (string | null)[] = []
    for (let at = 0; at < names.length; at += maxKeys) {
      const some = names.slice(at, at + maxKeys)
      const texts = await namespace.get(some, reading)
      for (const name of some) {
        const text = texts.get(name)
        if (text !== null && typeof text !== 'string') throw new StoreFault('KV gave no text')
        found.push(text)
      }
    }
    return found
  }

  async function write(key: Key, text: string, ttlSeconds: number | null): Promise<void> {
    const ttl = ttlSeconds === null ? {} : { expirationTtl: Math.max(minTtlSeconds, Math.ceil(ttlSeconds)) }
    await namespace.put(nameOf(key), text, ttl)
  }
}

/** The place stands in front, so that the sessions of a subject can be listed; an unknown one adds nothing. */
const nameOf = ({ place, name }: Key): string => (place === '' ? name : `${place}/${name}`)
