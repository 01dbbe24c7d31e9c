/** Takes a request to where it is known what becomes of it: an answer of ours, or a forward with its plan. */

import { TooSlow, type WaitUntil, within } from './authenticate/share.ts'
import { nothingSpent } from './authenticate/spent.ts'
import { type Answered, type Begun, createForwarding, type Forwarding, type Released } from './begun.ts'
import { type DecideParts, decide } from './decide.ts'
import { type Decision, type FormToken, type Forward, type Refusal, refuse } from './decision.ts'
import { type ForwardParts, type Plan, planForward, refuseForward } from './forward/forward.ts'
import { maxForwards } from './forward/hops.ts'
import type { UpstreamMemory } from './forward/upstreams.ts'
import type { Head } from './head.ts'
import { entryOf } from './log-entry.ts'
import type { Logs } from './logs.ts'
import type { Making } from './made.ts'
import { makeUuid } from './random.ts'
import { type Answer, type Asked, respondHere, respondPreflight, respondRefused } from './respond.ts'
import { err } from './result.ts'
import { unknownSender } from './shield/csrf.ts'
import { inspectForm } from './shield/form.ts'
import type { VouchingParts } from './vouching.ts'

export interface BeginParts {
  readonly deciding: DecideParts
  readonly planning: ForwardParts
  readonly memory: UpstreamMemory
  readonly making: Making
  /** null: no origin signs anybody in here. */
  readonly vouching: VouchingParts | null
  readonly logs: Pick<Logs, 'wants' | 'request'>
}

export interface Beginning {
  /** Decides, and says what is to be done. Never throws. */
  begin(head: Head, waitUntil: WaitUntil): Promise<Begun>
  /** The plan of a forward, as `begin` makes it. */
  plan(decision: Forward, head: Head, requestId: string, accessToken?: string | null): Promise<Plan>
}

export function createBeginning(parts: BeginParts): Beginning {
  const { deciding, planning, memory, making, vouching, logs } = parts
  const { now, csrf } = deciding
  return { begin, plan }

  async function begin(head: Head, waitUntil: WaitUntil): Promise<Begun> {
    const startedAt = now()
    const requestId = makeUuid(planning.random)
    const spent = nothingSpent()
    let decision: Decision
    let planned: Plan | null = null
    try {
      decision = await decide(deciding, head, waitUntil, spent)
      if (decision.kind === 'forward') {
        const refusal = refuseForward(decision, head, planning.name)
        const made = refusal ? err(refusal) : making.accessTokenFor(decision, head, requestId, waitUntil)
        const token = made instanceof Promise ? await made : made
        if (token.ok) planned = await plan(decision, head, requestId, token.value)
        else decision = refuse(token.error, decision.route, decision.principal)
      }
    } catch (error) {
      decision = refuse({
        reason: 'fault',
        cause: error instanceof Error ? `${error.name}: ${error.stack ?? ''}` : 'unknown',
      })
    }
    const plannedAt = planned && now()
    const { route } = decision
    const origin = decision.kind === 'refuse' ? decision.origin : decision.route.origin
    const asked: Asked = { head, route, origin, requestId }
    const note = (answer: Answer, refusal: Refusal | null): Answer => {
      const would = decision.kind === 'forward' ? decision.would : undefined
      if (logs.wants((refusal ?? would ?? null) !== null)) {
        const times = { startedAt, plannedAt, now: now(), spent }
        logs.request(entryOf(decision, asked, answer, refusal, times), waitUntil)
      }
      return answer
    }
    if (decision.kind === 'refuse')
      return { kind: 'answer', answer: note(respondRefused(decision.refusal, asked), decision.refusal) }
    if (decision.kind === 'preflight')
      return { kind: 'answer', answer: note(respondPreflight(decision.route, asked), null) }
    if (!planned) throw new TypeError('a forward has a plan')
    if (maxForwards(head.method, head.headers) === 'here')
      return { kind: 'answer', answer: note(respondHere(asked), null) }
    const underWay = { plan: planned, route: decision.route, asked, startedAt, waitUntil, note }
    const forwarding = createForwarding({ memory, vouching }, underWay)
    const { awaits } = decision
    return awaits ? { kind: 'held', release: (body) => release(forwarding, awaits, body) } : forwarding
  }

  async function release(
    forwarding: Forwarding,
    awaits: FormToken,
    body: AsyncIterable<Uint8Array>,
  ): Promise<Answered | Released> {
    const seconds = forwarding.plan.timeouts.firstByteSeconds
    const inspected = inspectForm(body, awaits.form, async (token) => csrf?.check(token, awaits) ?? false)
    const whole = await within(seconds * 1000, inspected).catch((error: unknown) =>
      error instanceof TooSlow ? 'late' : null,
    )
    if (whole === 'late') return { kind: 'answer', answer: forwarding.fail({ reason: 'client-timeout', seconds }) }
    if (whole) return { kind: 'released', forwarding, body: whole }
    return { kind: 'answer', answer: forwarding.fail({ reason: 'forged', from: unknownSender }) }
  }

  async function plan(
    decision: Forward,
    head: Head,
    requestId: string,
    accessToken: string | null = null,
  ): Promise<Plan> {
    const assertion = making.assertionFor(decision)
    return planForward(planning, decision, head, requestId, { assertion: assertion && (await assertion), accessToken })
  }
}
