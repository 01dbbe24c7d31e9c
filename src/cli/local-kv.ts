/** Opens the KV namespace that `wrangler dev` keeps on this machine, so that a session can be laid into it. */

import { join } from 'node:path'
import type { SessionStore } from '../session/store.ts'
import { createKvStore, type KvNamespace } from '../session/stores/kv.ts'

export interface LocalKv {
  readonly store: SessionStore
  /** Ends the workerd that writes for us; without it the process doesn't end. */
  close(): Promise<void>
}

export interface LocalKvPlace {
  /** The wrangler.toml that binds `SESSIONS`; its namespace id is part of where the entries lie. */
  readonly configPath: string
  /** As `--persist-to` of `wrangler dev`, which by itself takes `.wrangler/state` beside the wrangler.toml. */
  readonly persistTo: string
}

/** A running `wrangler dev` of the same place sees at once what is written. Throws where no KV namespace is bound as SESSIONS. */
export async function openLocalKv({ configPath, persistTo }: LocalKvPlace): Promise<LocalKv> {
  // offline and quiet: Miniflare would fetch an example of `request.cf`, and wrangler warn of the class of Durable Objects
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] ??= 'false'
  process.env['WRANGLER_LOG'] ??= 'error'
  const { getPlatformProxy } = await import('wrangler')
  const open = () =>
    getPlatformProxy<{ SESSIONS?: KvNamespace }>({
      configPath,
      // `wrangler dev` names the version of its own layout; this function leaves that to its caller
      persist: { path: join(persistTo, 'v3') },
      remoteBindings: false,
    })
  const proxy = await patiently(open)()
  const { SESSIONS } = proxy.env
  if (!SESSIONS) {
    await proxy.dispose()
    throw new Error(`${configPath} binds no KV namespace as SESSIONS: add [[kv_namespaces]] binding = "SESSIONS"`)
  }
  const store = createKvStore(SESSIONS)
  return { store: { ...store, write: patiently(store.write) }, close: () => proxy.dispose() }
}

const tries = 10
const pauseMilliseconds = 100

/** The database lies on disk, and whoever else writes to it (a `wrangler dev`, a second demo) locks it for a moment. */
function patiently<Given extends readonly unknown[], T>(act: (...given: Given) => Promise<T>) {
  return async (...given: Given): Promise<T> => {
    for (let left = tries - 1; ; left--) {
      try {
        return await act(...given)
      } catch (error) {
        if (left === 0) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
      }
    }
  }
}
