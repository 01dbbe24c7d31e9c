/** What becomes of a request once it is decided: an answer, or a forward under way and the answers that may come of it. */

import type { WaitUntil } from './authenticate/share.ts'
import type { Refusal } from './decision.ts'
import type { Place, Plan, UpstreamHead } from './forward/forward.ts'
import { faultInHead } from './forward/response-headers.ts'
import type { UpstreamMemory } from './forward/upstreams.ts'
import type { Head } from './head.ts'
import { type Answer, type Asked, respondForwarded, respondRefused } from './respond.ts'
import type { Route } from './route/table.ts'
import { actOnVouching, type VouchingParts, vouchesUnasked } from './vouching.ts'

export type Begun = Answered | Forwarding | Held

export interface Answered {
  readonly kind: 'answer'
  readonly answer: Answer
}

export interface Forwarding {
  readonly kind: 'forward'
  readonly plan: Plan
  /** The client's answer from the upstream's head: its body follows only if the head could be believed. */
  finish(upstream: UpstreamHead): Finished
  /** Instead of `finish` where the upstream's answer may sign somebody in: that takes time. */
  readonly vouch?: (upstream: UpstreamHead) => Promise<Finished>
  /** The client's answer when none came. */
  fail(refusal: Refusal): Answer
  /**
   * The place gave no answer, and may rest now: where to try next, or null for nowhere.
   *
   * @param tries how often it was tried so far
   * @param hasBody whether there is, or may be, a body that could be half sent
   */
  again(place: Place, tries: number, hasBody: boolean): Place | null
}

export interface Finished {
  readonly answer: Answer
  /** The upstream's body follows; else the answer is ours, and the upstream's is thrown away. */
  readonly isTheirs: boolean
}

/** A forward that isn't one yet: its form has to show a token first, and no byte goes on before. */
export interface Held {
  readonly kind: 'held'
  release(body: AsyncIterable<Uint8Array>): Promise<Answered | Released>
}

export interface Released {
  readonly kind: 'released'
  readonly forwarding: Forwarding
  /** What is to be sent: the body as it came. */
  readonly body: AsyncIterable<Uint8Array>
}

/** What every forward of one gateway shares. */
export interface ForwardingParts {
  readonly memory: UpstreamMemory
  /** null: no origin signs anybody in here. */
  readonly vouching: VouchingParts | null
}

/** The one request that is forwarded. */
export interface UnderWay {
  readonly plan: Plan
  readonly route: Route
  readonly asked: Asked
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly waitUntil: WaitUntil
  /** Is told of each answer that goes to the client, and gives it back. */
  note(answer: Answer, refusal: Refusal | null): Answer
}

export function createForwarding({ memory, vouching }: ForwardingParts, underWay: UnderWay): Forwarding {
  const { plan, route, asked, startedAt, waitUntil, note } = underWay
  const { head, requestId } = asked
  memory.noteRequest()
  if (vouching && (head.headers.get('x-sallyport-sign-in') ?? head.headers.get('x-sallyport-sign-out')) !== null)
    vouching.keeper.refused('sent by a client', route.origin.name)

  const fail = (refusal: Refusal): Answer => note(respondRefused(refusal, asked), refusal)
  const finish = (upstream: UpstreamHead, cookies: readonly string[]): Finished => {
    const fault = faultInHead(upstream, plan.isWebSocket)
    if (fault !== null) return { answer: fail({ reason: 'upstream-unreachable', cause: fault }), isTheirs: false }
    const answer = respondForwarded(upstream, plan, route, asked)
    for (const cookie of cookies) answer.headers.push(['set-cookie', cookie])
    return { answer: note(answer, null), isTheirs: !plan.isBare }
  }
  return {
    kind: 'forward',
    plan,
    finish(upstream) {
      if (vouching && vouchesUnasked(upstream)) vouching.keeper.refused('not on this rule', route.origin.name)
      return finish(upstream, [])
    },
    fail,
    again(place, tries, hasBody) {
      const places = [plan, ...plan.others]
      memory.noteFailure(route.origin, place.upstream)
      const most = places.length + route.forwarding.retries
      if (tries >= most || hasBody || !isRepeatable(head) || !memory.takeRetry()) return null
      return places[tries % places.length] ?? null
    },
    ...(vouching &&
      route.vouches && {
        async vouch(upstream: UpstreamHead): Promise<Finished> {
          const done = await actOnVouching(vouching, upstream, { route, head, requestId, startedAt, waitUntil })
          // the origin signed them in and we couldn't: then nobody is
          return done.ok ? finish(upstream, done.value) : { answer: fail(done.error), isTheirs: false }
        },
      }),
  }
}

/** Asking twice is asking once (RFC 9110 section 9.2.2). */
const isRepeatable = ({ method }: Head): boolean => /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/.test(method)
