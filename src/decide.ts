/** The whole path a request takes until it is known what becomes of it, in the order it takes it. Read this first. */

import type { Authenticator } from './authenticate/authenticate.ts'
import type { TrustedIssuer } from './authenticate/bearer.ts'
import { readCredential, type Taken } from './authenticate/credential.ts'
import type { WaitUntil } from './authenticate/share.ts'
import { nothingSpent } from './authenticate/spent.ts'
import { authorize } from './authorize/authorize.ts'
import { type Decision, type FormToken, type Forward, type Refusal, type Refuse, refuse } from './decision.ts'
import { type Head, isHost, selfOrigin } from './head.ts'
import type { Principal } from './principal.ts'
import { readTarget, type Target } from './route/path.ts'
import type { Route, Table } from './route/table.ts'
import { announcedMethod, isOriginHeader, isPreflight, judgePreflight, unreadable } from './shield/cors.ts'
import { detectForgery } from './shield/csrf.ts'
import type { CsrfTokens } from './shield/csrf-token.ts'
import { otherProof } from './shield/old-browser.ts'

export interface DecideParts {
  readonly table: Table
  readonly issuers: ReadonlyMap<string, TrustedIssuer>
  readonly authenticate: Authenticator
  /** Seconds since the epoch. */
  readonly now: () => number
  /** null: no CSRF tokens are given out, so none is taken. */
  readonly csrf: CsrfTokens | null
}

const refusedMethods: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** Never throws for what a stranger sends; whatever else it throws is a refusal too, and respond.ts makes it one. */
export async function decide(
  parts: DecideParts,
  head: Head,
  waitUntil: WaitUntil,
  spent = nothingSpent(),
): Promise<Decision> {
  // a method is case-sensitive (RFC 9110 section 9.1), but many an origin folds it: `patch` would pass a rule for PATCH
  if (!/^[A-Z][A-Z-]{0,31}$/.test(head.method) || refusedMethods.has(head.method)) {
    return refuse({ reason: 'method-refused', method: head.method })
  }
  if (!isHost(head.host)) return refuse({ reason: 'malformed', what: 'host' })
  const origin = parts.table.originOf(head.host)
  if (!origin) return refuse({ reason: 'no-host', host: head.host })

  const no = (refusal: Refusal): Refuse => refuse(refusal, null, null, origin)

  const target = readTarget(head.target, origin.paths)
  if (!target.ok) {
    return no(
      target.error === 'too long'
        ? { reason: 'too-large', what: 'target' }
        : { reason: 'ambiguous-path', fault: target.error },
    )
  }
  const { readings } = target.value
  if (origin.redirectToHttps && head.scheme === 'http') return no({ reason: 'not-https' })
  const from = head.headers.get('origin')
  if (from !== null && !isOriginHeader(from)) return no({ reason: 'malformed', what: 'origin' })

  if (isPreflight(head.method, head.headers)) {
    const method = announcedMethod(head.headers)
    if (method === null) return no({ reason: 'cross-origin', from: from ?? '', lacks: 'method' })
    const announced = parts.table.find(origin, method, readings)
    if (!announced.ok) return no({ reason: 'ambiguous-path', fault: announced.error })
    if (!announced.value) return no({ reason: 'no-rule' })
    const answered = decidePreflight(announced.value, target.value, method, head)
    if (answered) return answered
  }

  const found = parts.table.find(origin, head.method, readings)
  if (!found.ok) return no({ reason: 'ambiguous-path', fault: found.error })
  const route = found.value
  if (!route) return no({ reason: 'no-rule' })
  const reports = route.mode === 'report'
  let would = reports ? unreadable(route, selfOrigin(head), head.method, head.headers) : null
  if (route.access === 'public') return forward(route, target.value, null, would, head)

  const tokens = origin.introspects ? 'any' : 'jwt'
  const taken: Taken = {
    session: origin.session,
    site: origin.sessionOptions.site,
    bearer: origin.bearer.length > 0 && tokens,
    passAuthorization: route.passAuthorization,
  }
  const credential = readCredential(head.headers, taken)
  if (!credential.ok) return refuse(credential.error, route)
  let awaits: FormToken | null = null
  if (credential.value.kind === 'session') {
    const sent = { method: head.method, self: () => selfOrigin(head), headers: head.headers }
    const forger = detectForgery(sent, route)
    const proof =
      forger !== null && route.csrf.token ? await otherProof(parts.csrf, head.headers, credential.value.cookie) : null
    // who only reports doesn't hold a body back
    if (proof !== null && proof !== 'shown' && !reports) awaits = proof
    else if (forger !== null && proof !== 'shown') {
      if (!reports) return refuse({ reason: 'forged', from: forger }, route)
      would = { reason: 'forged', from: forger }
    }
  }

  const issuers = origin.bearer.flatMap((name) => parts.issuers.get(name) ?? [])
  const { freshnessSeconds, staleIfErrorSeconds } = route
  const terms = { issuers, freshnessSeconds, staleIfErrorSeconds, origin: origin.name }
  const asked = parts.authenticate(credential.value, terms, waitUntil, spent)
  // what is known isn't waited for
  const principal = asked instanceof Promise ? await asked : asked
  // a credential that doesn't hold is refused in every mode: it counts neither as someone nor as nobody
  if (!principal.ok) return refuse(principal.error, route)

  const refusal = authorize(principal.value, route.access, parts.now())
  if (refusal && !reports) return refuse(refusal, route, principal.value)
  const passed = forward(route, target.value, principal.value, would ?? refusal, head)
  return awaits && passed.kind === 'forward' ? { ...passed, awaits } : passed
}

/** Last of all: to read every header is dear, and who is refused is refused without. */
function forward(
  route: Route,
  target: Target,
  principal: Principal | null,
  would: Refusal | null,
  { headers }: Head,
): Forward | Refuse {
  if (isOversized(headers)) return refuse({ reason: 'too-large', what: 'headers' }, route, principal)
  return { kind: 'forward', route, target, principal, ...(would && { would }) }
}

/** @returns null where nobody spoke of CORS: then it is a request like any other */
function decidePreflight(route: Route, target: Target, method: string, head: Head): Decision | null {
  if (route.cors === null) return null
  const refusal = route.cors === 'upstream' ? null : judgePreflight(route.cors, method, head.headers)
  if (route.cors !== 'upstream' && !refusal) return { kind: 'preflight', route }
  if (refusal && route.mode !== 'report') return refuse(refusal, route)
  const passed = forward(route, target, null, refusal, head)
  return passed.kind === 'forward' ? { ...passed, isBare: true } : passed
}

/** More than this no origin of ours would take either, and no browser sends. */
const maxHeadersChars = 32_768
const maxHeadersCount = 128

function isOversized(headers: Head['headers']): boolean {
  let chars = 0
  let count = 0
  for (const header of headers) {
    chars += header[0].length + header[1].length
    count += 1
  }
  return chars > maxHeadersChars || count > maxHeadersCount
}
