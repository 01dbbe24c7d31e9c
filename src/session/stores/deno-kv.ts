/** Keeps sessions in Deno KV: strong, on one machine or on Deno Deploy. */

import { type Key, promisesOf, type SessionStore, StoreFault } from '../store.ts'

type KvKey = readonly string[]

interface KvEntry {
  readonly key: readonly unknown[]
  readonly value: unknown
  readonly versionstamp: string | null
}

/** What is asked of `Deno.Kv`. */
export interface DenoKv {
  getMany(keys: KvKey[], options: { readonly consistency: 'strong' }): Promise<readonly KvEntry[]>
  set(key: KvKey, value: string, options?: { readonly expireIn?: number }): Promise<unknown>
  delete(key: KvKey): Promise<void>
  list(selector: { readonly prefix: KvKey }): AsyncIterable<KvEntry>
  atomic(): DenoAtomic
}

interface DenoAtomic {
  check(entry: { readonly key: KvKey; readonly versionstamp: string | null }): DenoAtomic
  set(key: KvKey, value: string, options?: { readonly expireIn?: number }): DenoAtomic
  commit(): Promise<{ readonly ok: boolean }>
}

const maxKeys = 10

/** @param opening the database, which opens while the gateway starts */
export function createDenoKvStore(opening: Promise<DenoKv>): SessionStore {
  // whoever asks first hears of a failure; nobody's rejection is left alone
  opening.catch(() => undefined)
  return {
    promises: promisesOf['deno-kv'],
    read: async (keys) => (await entriesOf(keys)).map(textOf),
    async write(key, text, ttlSeconds) {
      await (await opening).set(pathOf(key), text, expiry(ttlSeconds))
    },
    async swap(key, before, text, ttlSeconds) {
      const [there] = await entriesOf([key])
      if (!there || textOf(there) !== before) return false
      const { versionstamp } = there
      const change = (await opening).atomic().check({ key: pathOf(key), versionstamp })
      return (await change.set(pathOf(key), text, expiry(ttlSeconds)).commit()).ok
    },
    async delete(key) {
      await (await opening).delete(pathOf(key))
    },
    async list(place) {
      const found = []
      for await (const entry of (await opening).list({ prefix: ['sallyport', place] })) {
        const name = String(entry.key[2])
        if (name.startsWith('session:')) found.push({ key: { place, name }, text: textOf(entry) ?? '' })
      }
      return found
    },
  }

  async function entriesOf(keys: readonly Key[]): Promise<KvEntry[]> {
    const kv = await opening
    const found: KvEntry[] = []
    for (let at = 0; at < keys.length; at += maxKeys)
      found.push(...(await kv.getMany(keys.slice(at, at + maxKeys).map(pathOf), { consistency: 'strong' })))
    if (found.length !== keys.length) throw new StoreFault('Deno KV gave no such list')
    return found
  }
}

const pathOf = ({ place, name }: Key): KvKey => ['sallyport', place, name]

const expiry = (ttlSeconds: number | null) => (ttlSeconds === null ? {} : { expireIn: Math.ceil(ttlSeconds * 1000) })

function textOf({ value, versionstamp }: KvEntry): string | null {
  if (versionstamp === null) return null
  if (typeof value !== 'string') throw new StoreFault('Deno KV gave no text')
  return value
}
