/** Sends a forward to the places where it may go, one after the other, until one of them answers. */

import type { Forwarding } from '../begun.ts'
import type { Refusal } from '../decision.ts'
import type { Place, UpstreamHead } from '../forward/forward.ts'
import type { Answer } from '../respond.ts'
import type { Watch } from './watch.ts'

export interface Sender<T extends UpstreamHead> {
  /** Whether there is, or may be, a body: nobody can tell how much of it has gone. */
  readonly hasBody: boolean
  send(place: Place): Promise<T>
  /** What the error of `send` means to the client. */
  refusalOf(error: unknown): Refusal
}

export type Attempted<T> =
  | { readonly kind: 'sent'; readonly sent: T }
  | { readonly kind: 'answer'; readonly answer: Answer }

/** Never rejects. */
export async function attempt<T extends UpstreamHead>(
  begun: Forwarding,
  watch: Watch,
  { hasBody, send, refusalOf }: Sender<T>,
): Promise<Attempted<T>> {
  let place: Place = begun.plan
  for (let tries = 1; ; tries++) {
    try {
      return { kind: 'sent', sent: await send(place) }
    } catch (error) {
      const refusal = watch.refusal() ?? refusalOf(error)
      const next = watch.isGivenUp() ? null : begun.again(place, tries, hasBody)
      if (!next) {
        watch.end()
        return { kind: 'answer', answer: begun.fail(refusal) }
      }
      place = next
    }
  }
}
