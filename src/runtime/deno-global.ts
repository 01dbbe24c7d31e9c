/** What the adapter asks of the global `Deno`. */

import type { DenoKv } from '../session/stores/deno-kv.ts'
import type { UpgradeWebSocket } from './websocket-deno.ts'

export interface DenoGlobal {
  readonly env: { toObject(): Record<string, string> }
  /** Only with `--unstable-kv`. */
  readonly openKv?: (path?: string) => Promise<DenoKv>
  readonly upgradeWebSocket: UpgradeWebSocket
  serve(
    options: { hostname: string; port: number; onListen(address: { hostname: string; port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Promise<Response>,
  ): unknown
}
