/** A kind of request that the soak mixes with others, and what came of one of them. */

import { randomBytes } from 'node:crypto'
import type { Agent } from 'node:http'

export interface Person {
  readonly subject: string
  /** `Cookie`, with all that the gateway gave this person. */
  readonly cookie: string
  readonly csrfToken: string
}

export interface Client {
  readonly port: number
  readonly agent: Agent
  somebody(): Person
}

export type Verdict =
  | { readonly kind: 'right' }
  /** Something of another request, or of another person, stood in the answer. */
  | { readonly kind: 'crossed'; readonly what: string }
  | { readonly kind: 'unprovoked5xx'; readonly what: string }
  | { readonly kind: 'wrong'; readonly what: string }

export interface Kind {
  readonly name: string
  /** How often it comes, beside the others. */
  readonly weight: number
  run(client: Client): Promise<Verdict>
}

export const right: Verdict = { kind: 'right' }

/** What tells one request from all others. */
export const marked = (): string => `m${randomBytes(8).toString('hex')}z`
