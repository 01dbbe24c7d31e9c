/** `sallyport check`: everything that can be found wrong before a request comes. */

import type { Gateway } from '../route/compile.ts'
import { describeProblem } from '../route/problem.ts'
import { warn } from '../route/warn.ts'
import { boundSeconds } from '../session/bound.ts'
import { promisesOf } from '../session/store.ts'
import type { Settings } from '../settings.ts'
import { unrefreshed } from '../unmet.ts'
import { readConfiguration } from './configuration.ts'
import { printFindings } from './findings.ts'
import { placeHelp, placeOptions, type Verb } from './verb.ts'

export const check: Verb = {
  name: 'check',
  summary: 'check routes and settings; exit 1 with the findings',
  help: `Usage: npx sallyport check [--routes DIR]

Reads the routes, wrangler.toml, .dev.vars and the environment, and finds what the schema refuses, what
can't have been meant (a rule that is never reached, a public rule above the guarded one it covers), what
the settings lack, what the session store can't promise, and what in wrangler.toml leads past the gateway or
tells a secret. Warns of what shouldn't stay: rules that only report, methods that are misspelt, issuers that are asked without TLS, ID
tokens that pass for Bearer tokens, access tokens that can't be refreshed. Of the three, the environment goes before
.dev.vars, and .dev.vars before [vars]. What [secrets] of wrangler.toml lists under required, and none of them
holds, is expected as a secret that Cloudflare keeps; of .dev.vars, what is listed there or in [vars] counts. With --runtime node or deno only the environment is read.

${placeHelp}`,
  options: placeOptions,
  positionals: [],
  async run(given, io) {
    const { files, surroundings, gateway, settings, findings } = await readConfiguration(given, io)
    if (findings.length > 0) {
      printFindings(findings, given.flag('json'), io)
      return 1
    }
    const origins = gateway?.origins ?? []
    const store = settings?.sessionStore ?? 'none'
    const warnings = [
      ...(gateway ? warn(gateway) : []),
      ...(store === 'none' ? [] : unrefreshed(origins, store, promisesOf[store])),
    ]
    const counts = {
      files: files.files.length,
      origins: origins.length,
      rules: origins.reduce((sum, { routes }) => sum + routes.length, 0),
      issuers: gateway?.issuers.size ?? 0,
      providers: gateway?.providers.size ?? 0,
    }
    const { runtime, sources, expectedSecrets } = surroundings
    const bounds = gateway && settings ? boundsOf(gateway, settings.sessionStore) : []
    if (given.flag('json')) {
      io.out(
        JSON.stringify(
          {
            ok: true,
            findings: [],
            warnings,
            bounds,
            checked: { ...counts, runtime, environment: sources, expectedSecrets },
          },
          null,
          2,
        ),
      )
      return 0
    }
    io.out(
      `No findings: ${plural(counts.rules, 'rule')} of ${plural(counts.origins, 'origin')}, ${plural(counts.issuers, 'issuer')}, ${plural(counts.providers, 'provider')}, in ${plural(counts.files, 'file')}.`,
    )
    if (warnings.length > 0) io.out(`\nWarnings:\n${warnings.map(describeProblem).join('\n')}`)
    if (bounds.length > 0) io.out(`\nWhat has ended passes at most so long:\n${bounds.map(describeBound).join('\n')}\n`)
    for (const name of expectedSecrets) io.out(`${name}: expected as a secret, not looked into.`)
    io.out(`Checked: the files and their names, schema, lint, settings for ${runtime} (from ${sources.join(', ')}).`)
    return 0
  },
}

interface Bound {
  readonly origin: string
  readonly rule: string
  /** null: nothing ends before its time, for there is no store that could say so. */
  readonly boundSeconds: number | null
}

/** By rule, for those that ask who it is. */
const boundsOf = ({ origins }: Gateway, store: Settings['sessionStore']): Bound[] =>
  origins.flatMap(({ name, routes }) =>
    routes
      .filter(({ access }) => access !== 'public')
      .map(({ path, freshnessSeconds }) => ({
        origin: name,
        rule: path,
        boundSeconds: boundSeconds(freshnessSeconds, store === 'none' ? null : promisesOf[store]),
      })),
  )

const describeBound = ({ origin, rule, boundSeconds: bound }: Bound): string =>
  `  ${origin} ${rule}: ${bound === null ? 'until it expires (SESSION_STORE is none)' : `${bound} s`}`

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
