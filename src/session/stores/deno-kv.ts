/** Keeps sessions in Deno KV: strong, on one machine or on Deno Deploy. */

import { isLater, type Key, pageSize, promisesOf, type SessionStore, StoreFault } from '../store.ts'

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
  list(
    selector: { readonly start: KvKey; readonly end: KvKey },
    options: { readonly limit: number },
  ): AsyncIterable<KvEntry>
  atomic(): DenoAtomic
}

interface DenoAtomic {
  check(entry: { readonly key: KvKey; readonly versionstamp: string | null }): DenoAtomic
  set(key: KvKey, value: string, options?: { readonly expireIn?: number }): DenoAtomic
  commit(): Promise<{ readonly ok: boolean }>
}

const maxKeys = 10
/** Others may write the same mark at the same time; each of them raises it, so that few tries do. */
const maxTries = 20

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
    async raise(key, time, ttlSeconds) {
      for (let tries = 0; tries < maxTries; tries++) {
        const [there] = await entriesOf([key])
        if (!there || !isLater(time, textOf(there))) return
        const { versionstamp } = there
        const change = (await opening).atomic().check({ key: pathOf(key), versionstamp })
        if ((await change.set(pathOf(key), time, expiry(ttlSeconds)).commit()).ok) return
      }
      throw new StoreFault('Deno KV: others came first each time')
    },
    async delete(key) {
      await (await opening).delete(pathOf(key))
    },
    async list(place, after) {
      const stored = []
      // ';' is what follows ':'
      const [start, end] = [after === null ? 'session:' : `${after}\0`, 'session;']
      const selector = { start: pathOf({ place, name: start }), end: pathOf({ place, name: end }) }
      for await (const entry of (await opening).list(selector, { limit: pageSize }))
        stored.push({ key: { place, name: String(entry.key[2]) }, text: textOf(entry) ?? '' })
      return { stored, next: stored.length < pageSize ? null : (stored.at(-1)?.key.name ?? null) }
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
