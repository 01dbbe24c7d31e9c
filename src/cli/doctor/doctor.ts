/** `sallyport doctor`: asks the live provider, and the gateway where it runs, whether people could sign in. */

import * as z from 'zod/mini'
import type { Provider } from '../../route/compile-provider.ts'
import { gatewaySchema } from '../../route/schema.ts'
import type { Origin } from '../../route/table.ts'
import { callbackPath } from '../../sign-in/callback.ts'
import { createProviderFetch } from '../../sign-in/http.ts'
import { readSoundConfiguration } from '../configuration.ts'
import { type Given, type Io, placeHelp, placeOptions, UsageError, type Verb } from '../verb.ts'
import { examineClient } from './client.ts'
import { type Finding, unknown } from './finding.ts'
import { examineGateway } from './gateway.ts'
import { examineProvider } from './provider.ts'

/** All that was found of one provider, and of the gateways whose people sign in with it. */
interface Visit {
  readonly provider: string
  readonly issuer: string
  readonly findings: readonly Finding[]
}

type Configuration = Awaited<ReturnType<typeof readSoundConfiguration>>

export const doctor: Verb = {
  name: 'doctor',
  summary: 'ask the live provider whether people can sign in, and say what to mend',
  help: `Usage: npx sallyport doctor [--provider NAME] [--url URL]... [flags]

Asks each provider that an origin names: its discovery document, what it can do, its keys, its clock, whether
it knows the client, and each redirect address. Then begins a sign-in at the gateway itself, as a browser
does, and sees whether the cookies pass. Nobody is signed in; the provider's log will show a code that it
never issued. A secret is sent to the provider alone, and shown nowhere: it must be in the environment, or
in .dev.vars. Exit code 1 where something is to be mended.

  --provider NAME   this one alone
  --url URL         the gateway as browsers know it; once for each (default: https:// and each host of the
                    origins, but localhost and 127.0.0.1)
${placeHelp}`,
  options: { ...placeOptions, provider: { type: 'string' }, url: { type: 'string', multiple: true } },
  positionals: [],
  async run(given, io) {
    const configuration = await readSoundConfiguration(given, io)
    const visits: Visit[] = []
    for (const provider of askedFor(given, configuration)) visits.push(await visit(provider, given, io, configuration))
    io.out(given.flag('json') ? JSON.stringify({ visits }, null, 2) : visits.map(paragraph).join('\n\n'))
    return visits.some(({ findings }) => findings.some(({ verdict }) => verdict === 'mend')) ? 1 : 0
  },
}

/** The providers that people sign in with. */
function askedFor(given: Given, { gateway }: Configuration): readonly Provider[] {
  const wanted = given.text('provider')
  const named = new Set(gateway.origins.flatMap(({ providers }) => providers))
  const found = [...gateway.providers.values()].filter(({ name }) => named.has(name) && (wanted ?? name) === name)
  if (found.length > 0) return found
  throw new UsageError(
    named.size === 0
      ? 'no origin names a provider: nobody signs in with one here'
      : `no origin has the provider "${wanted}"; there is: ${[...named].join(', ')}`,
  )
}

async function visit(provider: Provider, given: Given, io: Io, configuration: Configuration): Promise<Visit> {
  const { gateway, settings, surroundings } = configuration
  const fetchBounded = createProviderFetch((url, init) => fetch(url, init), settings.providerTimeoutMilliseconds)
  const { findings: ofProvider, metadata } = await examineProvider(provider, fetchBounded, io.now)
  const findings = [...ofProvider]
  const { name, issuer } = provider
  if (!metadata) return { provider: name, issuer, findings }
  const addresses = addressesOf(
    given,
    gateway.origins.filter(({ providers }) => providers.includes(name)),
  )
  const kept = keptElsewhere(provider, configuration)
  const redirects = addresses.map((self) => self + callbackPath(provider))
  findings.push(
    ...(kept === null
      ? await examineClient({ provider, metadata, fetch: fetchBounded, redirects, now: io.now })
      : [
          unknown(
            'client',
            `${kept} is not here, so the provider wasn't asked`,
            `set it in the environment (${surroundings.sources.join(', ')}) for this once`,
          ),
        ]),
  )
  const endpoint = metadata.authorization_endpoint ?? ''
  for (const self of addresses) findings.push(...(await examineGateway(self, provider, endpoint, io.now)))
  if (addresses.length === 0)
    findings.push(unknown('gateway', 'no host of its origins has an address of its own', 'name one with --url'))
  return { provider: name, issuer, findings }
}

function addressesOf(given: Given, origins: readonly Origin[]): readonly string[] {
  const urls = given.list('url').map((text) => {
    const url = URL.parse(text)
    if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url ${text} is no http address`)
    return url.origin
  })
  if (urls.length > 0) return urls
  const hosts = origins.flatMap((origin) => origin.hosts)
  return hosts.filter((host) => !/^\*|^localhost$|^127\./.test(host)).map((host) => `https://${host}`)
}

/** The variable of a secret that Cloudflare alone keeps, and whose stand-in must be sent to nobody; null: it is here. */
function keptElsewhere({ name }: Provider, { files, surroundings }: Configuration): string | null {
  const { clientSecret, clientKey } = z.parse(gatewaySchema, files.config).providers?.[name] ?? {}
  return [clientSecret?.env, clientKey?.env].find((env) => env && surroundings.expectedSecrets.includes(env)) ?? null
}

/** What a provider said may hold what a terminal would obey. */
const readable = (text: string): string => text.replace(/\p{Cc}/gu, '?')

const words = { ok: 'ok', mend: 'MEND', unknown: '?' } as const

const paragraph = ({ provider, issuer, findings }: Visit): string =>
  [
    `${provider} (${issuer})`,
    ...findings.flatMap(({ check, verdict, says, fix }) => [
      `  ${words[verdict].padEnd(6)}${check.padEnd(11)}${readable(says)}`,
      ...(fix ? [`${' '.repeat(19)}${verdict === 'mend' ? 'fix: ' : ''}${readable(fix)}`] : []),
    ]),
  ].join('\n')
