/** Where a request would be forwarded, and what becomes of its headers on the way. */

import type { Forward } from '../decision.ts'
import type { Gateway } from '../gateway.ts'
import type { Head } from '../head.ts'

export interface Forwarding {
  readonly url: string
  /** The Workers binding that it is sent through, or null. */
  readonly binding: string | null
  readonly method: string
  readonly firstByteSeconds: number
  readonly headers: {
    /** Names of the client's headers that go no further. */
    readonly dropped: readonly string[]
    /** Names of the client's headers of which a part is cut out. */
    readonly changed: readonly string[]
    readonly set: readonly (readonly [name: string, value: string])[]
  }
}

// no client's, so no rule of forwarding can care for it
const mark = 'x-explained-until-here'

/** Makes the gateway's own plan; what is before the mark in it was the client's, what is after it is ours. */
export async function forwardingOf(gateway: Gateway, decision: Forward, head: Head): Promise<Forwarding> {
  const marked = { ...head, headers: withMark(head) }
  const isTheirs = decision.route.accessToken && decision.principal?.kind === 'session'
  const plan = await gateway.plan(decision, marked, '(a fresh id)', isTheirs ? '(their access token)' : null)
  const end = plan.headers.findIndex(([name]) => name === mark)
  const kept = new Map(plan.headers.slice(0, end))
  const theirs = [...head.headers]
  const { upstream } = plan
  return {
    url: plan.url,
    binding: upstream.kind === 'binding' ? upstream.name : null,
    method: plan.method,
    firstByteSeconds: plan.firstByteSeconds,
    headers: {
      dropped: theirs.filter(([name]) => !kept.has(name)).map(([name]) => name),
      changed: theirs.filter(([name, value]) => (kept.get(name) ?? value) !== value).map(([name]) => name),
      set: plan.headers.slice(end + 1).map(([name, value]) => [name, isSecret(name) ? '(a signed JWT)' : value]),
    },
  }
}

const isSecret = (name: string): boolean => name === 'x-sallyport-assertion'

function withMark({ headers }: Head): Head['headers'] {
  return {
    get: (name) => headers.get(name),
    *[Symbol.iterator]() {
      yield* headers
      yield [mark, ''] as const
    },
  }
}
