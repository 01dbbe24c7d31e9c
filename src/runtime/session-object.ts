/** The Durable Object that keeps the sessions of one subject: the class that wrangler.toml names. */

import { DurableObject } from 'cloudflare:workers'
import { createSessionRows, type SessionRows, type Sql } from '../session/stores/durable-object.ts'

interface State {
  readonly storage: {
    readonly sql: Sql
    getAlarm(): Promise<number | null>
    setAlarm(milliseconds: number): Promise<void>
  }
}

const secondsNow = (): number => Date.now() / 1000

export class SessionObject extends DurableObject {
  readonly #state: State
  readonly #rows: SessionRows

  constructor(state: State, env: unknown) {
    super(state, env)
    this.#state = state
    this.#rows = createSessionRows(state.storage.sql, secondsNow)
  }

  read(names: readonly string[]): (string | null)[] {
    return this.#rows.read(names)
  }

  async write(name: string, text: string, ttlSeconds: number | null): Promise<void> {
    this.#rows.write(name, text, ttlSeconds)
    await this.#wakeIn(ttlSeconds)
  }

  async swap(name: string, before: string | null, text: string, ttlSeconds: number | null): Promise<boolean> {
    const isWritten = this.#rows.swap(name, before, text, ttlSeconds)
    if (isWritten) await this.#wakeIn(ttlSeconds)
    return isWritten
  }

  async raise(name: string, time: string, ttlSeconds: number | null): Promise<void> {
    this.#rows.raise(name, time, ttlSeconds)
    await this.#wakeIn(ttlSeconds)
  }

  delete(name: string): void {
    this.#rows.delete(name)
  }

  list(after: string): (readonly [name: string, text: string])[] {
    return this.#rows.list(after)
  }

  async alarm(): Promise<void> {
    const next = this.#rows.clean()
    if (next !== null) await this.#state.storage.setAlarm(next * 1000)
  }

  /** An alarm that is set already comes first: it sees to what is left. */
  async #wakeIn(ttlSeconds: number | null): Promise<void> {
    if (ttlSeconds === null || (await this.#state.storage.getAlarm()) !== null) return
    await this.#state.storage.setAlarm(Date.now() + ttlSeconds * 1000)
  }
}
