/** Finds origins whose upstream can't tell people apart whom two issuers name alike. */

import type { Gateway } from './compile.ts'
import { formatPath, type Problem } from './problem.ts'
import type { IdentityHeaders, Origin } from './table.ts'

/** @returns a warning for each: an issuer names its people as it likes, and whom one calls `ada` may be somebody else than whom another calls so */
export function namingAlike(gateway: Gateway): Problem[] {
  return gateway.origins.flatMap((origin) => {
    const issuers = issuersAt(origin, gateway)
    const route = origin.routes.find(
      ({ access, identity }) => access !== 'public' && identity && namesNoIssuer(identity),
    )
    if (!route || issuers.length < 2) return []
    return {
      file: `routes/${origin.name}.ts`,
      path: formatPath(['rules', route.index, 'identity']),
      value: 'subject',
      message: `people come here from several issuers (${issuers.join(', ')}), and the headers don't say from which: whom two of them name alike is one person to the upstream`,
      fix: "say it too, { 'X-Remote-Issuer': 'issuer' }, and let the upstream read both",
    }
  })
}

function namesNoIssuer({ headers }: IdentityHeaders): boolean {
  const selectors = headers.map(([, selector]) => selector[0])
  return selectors.includes('subject') && !selectors.includes('issuer')
}

/** Whoever says who somebody is at this origin: of tokens, of providers, and origins that vouch. */
function issuersAt(origin: Origin, { issuers, providers, origins }: Gateway): readonly string[] {
  const sharers = origins.filter(({ name }) => origin.session && origin.sessionOptions.sharedWith.includes(name))
  const vouching = sharers.filter(({ routes }) => routes.some(({ vouches }) => vouches))
  return [
    ...new Set([
      ...origin.bearer.flatMap((name) => issuers.get(name)?.issuer ?? []),
      ...sharers.flatMap((other) => other.providers.flatMap((name) => providers.get(name)?.issuer ?? [])),
      ...vouching.map(({ name }) => `origin:${name}`),
    ]),
  ]
}
