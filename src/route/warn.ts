/** Finds what is allowed and yet shouldn't stay: it keeps nobody from starting. */

import type { Gateway } from './compile.ts'
import { formatPath, type Problem, showValue } from './problem.ts'
import { misspeltMethods } from './warn-methods.ts'
import { namingAlike } from './warn-names.ts'

/**
 * @returns a warning for each rule that only reports, for each issuer whose ID tokens pass for Bearer tokens, for each
 *   issuer or provider that is asked over a network without TLS, for each origin that can't tell people of several apart, and
 *   for each method that is misspelt
 */
export const warn = (gateway: Gateway): Problem[] => [
  ...reporting(gateway),
  ...takingIdTokens(gateway),
  ...askedInTheOpen(gateway),
  ...namingAlike(gateway),
  ...misspeltMethods(gateway),
]

const reporting = ({ origins }: Gateway): Problem[] =>
  origins
    .flatMap((origin) => origin.routes)
    .filter((route) => route.mode === 'report')
    .map((route) => ({
      file: `routes/${route.origin.name}.ts`,
      path: formatPath(['rules', route.index, 'mode']),
      value: 'report',
      message: `the rule "${route.path}" only reports: it lets everyone in whom its access, CSRF and CORS would refuse`,
      fix: 'read the log for "would", then write mode: "enforce", or leave it out here and at the origin',
    }))

/** An ID token says who signed in at the client, and may stand in an address at sign-out: it is no key to an API (RFC 9068 section 5). */
function takingIdTokens({ issuers, providers, origins }: Gateway): Problem[] {
  const taken = new Set(origins.flatMap(({ bearer }) => bearer))
  return [...issuers.values()].flatMap(({ name, issuer, audience, algorithms, type }) => {
    if (!taken.has(name) || type !== null || algorithms.length === 0) return []
    const provider = [...providers.values()].find(
      (other) => other.issuer === issuer && audience.includes(other.clientId),
    )
    if (!provider) return []
    return {
      file: 'routes/index.ts',
      path: formatPath(['issuers', name, 'audience']),
      value: provider.clientId,
      message: `the ID tokens that people sign in with (providers.${provider.name}) pass for Bearer tokens`,
      fix: 'write another audience than the client id, or type: "at+jwt" where the issuer says so in its tokens',
    }
  })
}

/** Whoever stands on such a way answers with keys of their own, and is anybody. */
function askedInTheOpen({ issuers, providers }: Gateway): Problem[] {
  const issuing = [...issuers.values()].flatMap(({ name, issuer, keys, introspection }) => [
    ...(keys.kind === 'discovery' || introspection?.url === null
      ? [{ at: ['issuers', name, 'issuer'], url: issuer }]
      : []),
    ...(keys.kind === 'url' ? [{ at: ['issuers', name, 'jwks'], url: keys.url }] : []),
    ...(introspection?.url ? [{ at: ['issuers', name, 'introspection', 'url'], url: introspection.url }] : []),
  ])
  const signing = [...providers.values()].map(({ name, issuer }) => ({
    at: ['providers', name, 'issuer'],
    url: issuer,
  }))
  return [...issuing, ...signing]
    .filter(({ url }) => /^http:/i.test(url) && !isThisMachine(new URL(url).hostname))
    .map(({ at, url }) => ({
      file: 'routes/index.ts',
      path: formatPath(at),
      value: showValue(url),
      message: 'it is asked without TLS: whoever is on the way can answer, and sign anybody in',
      fix: 'write an https address; http is for trying things out on one machine',
    }))
}

const isThisMachine = (host: string): boolean => /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)
