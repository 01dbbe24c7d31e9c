/** The whole path a request takes until it is known what becomes of it, in the order it takes it. Read this first. */

import type { Authenticator } from './authenticate/authenticate.ts'
import type { TrustedIssuer } from './authenticate/bearer.ts'
import { readCredential } from './authenticate/credential.ts'
import type { WaitUntil } from './authenticate/share.ts'
import { authorize } from './authorize/authorize.ts'
import { type Decision, refuse } from './decision.ts'
import { type Head, selfOrigin } from './head.ts'
import { readTarget } from './route/path.ts'
import type { Table } from './route/table.ts'
import { announcedMethod, isPreflight } from './shield/cors.ts'
import { detectForgery } from './shield/csrf.ts'

export interface DecideParts {
  readonly table: Table
  readonly issuers: ReadonlyMap<string, TrustedIssuer>
  readonly authenticate: Authenticator
}

const refusedMethods: ReadonlySet<string> = new Set(['TRACE', 'CONNECT'])

/** Never throws for what a stranger sends; whatever else it throws is a refusal too, and respond.ts makes it one. */
export async function decide(parts: DecideParts, head: Head, waitUntil: WaitUntil): Promise<Decision> {
  if (!/^[\w!#$%&'*+.^`|~-]{1,32}$/.test(head.method) || refusedMethods.has(head.method.toUpperCase())) {
    return refuse({ reason: 'method-refused', method: head.method })
  }
  if (!/^[\w.-]+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$/i.test(head.host))
    return refuse({ reason: 'malformed', what: 'host' })
  const origin = parts.table.originOf(head.host)
  if (!origin) return refuse({ reason: 'no-host', host: head.host })

  const target = readTarget(head.target, origin.paths)
  if (!target.ok) {
    return refuse(
      target.error === 'too long'
        ? { reason: 'too-large', what: 'target' }
        : { reason: 'ambiguous-path', fault: target.error },
    )
  }
  const { readings } = target.value

  if (isPreflight(head.method, head.headers)) {
    const announced = parts.table.find(origin, announcedMethod(head.headers), readings)
    if (!announced.ok) return refuse({ reason: 'ambiguous-path', fault: announced.error })
    if (!announced.value) return refuse({ reason: 'no-rule' })
    if (announced.value.cors) return { kind: 'preflight', route: announced.value }
  }

  const found = parts.table.find(origin, head.method, readings)
  if (!found.ok) return refuse({ reason: 'ambiguous-path', fault: found.error })
  const route = found.value
  if (!route) return refuse({ reason: 'no-rule' })
  if (route.access === 'public') return { kind: 'forward', route, target: target.value, principal: null }

  const taken = {
    session: origin.session,
    bearer: origin.bearer.length > 0,
    passAuthorization: route.passAuthorization,
  }
  const credential = readCredential(head.headers, taken)
  if (!credential.ok) return refuse(credential.error, route)
  if (credential.value.kind === 'session') {
    const sent = { method: head.method, self: selfOrigin(head), headers: head.headers }
    const from = detectForgery(sent, route.csrf, route.cors)
    if (from !== null) return refuse({ reason: 'forged', from }, route)
  }

  const issuers = origin.bearer.flatMap((name) => parts.issuers.get(name) ?? [])
  const terms = { issuers, freshnessSeconds: route.freshnessSeconds }
  const principal = await parts.authenticate(credential.value, terms, waitUntil)
  if (!principal.ok) return refuse(principal.error, route)

  const refusal = authorize(principal.value, route.access)
  if (refusal) return refuse(refusal, route, principal.value)
  return { kind: 'forward', route, target: target.value, principal: principal.value }
}
