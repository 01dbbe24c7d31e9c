/** `sallyport explain`: runs the very decide() over a request that is only supposed, and says why it ended so. */

import { createGateway, type Gateway } from '../gateway.ts'
import { readSoundConfiguration } from './configuration.ts'
import { type Credentials, readCredentials } from './explain-credentials.ts'
import { readHead } from './explain-head.ts'
import { printExplained } from './explain-print.ts'
import { type Explained, explainRequest } from './explain-request.ts'
import { placeHelp, placeOptions, type Verb } from './verb.ts'

export const explain: Verb = {
  name: 'explain',
  summary: 'say what would become of a request, and why',
  help: `Usage: npx sallyport explain METHOD URL [-H 'Name: value']... [--as claims.json] [--session KEY-OR-COOKIE]

Asks the gateway's own decide() and prints why each rule did or didn't match, the decision, the status, where
it would be forwarded, and which headers are dropped and set. The URL is taken as it is written: /a/../b
stays so. Without a credential a guarded rule answers 401. Nothing is sent upstream; the keys of an issuer
are fetched only if a real Bearer token is given with -H.

  -H 'Name: value'  a header of the request; write the flag once for each
  --as FILE         suppose these claims were verified: { "sub": "ada", "roles": ["admin"] } stands for a
                    token of the origin's issuer; { "subject": "ada", "roles": ["admin"] } for a session
  --session WHAT    a session of the local KV: the cookie's value, or its key ("session:...")
  --persist-to DIR  where wrangler dev keeps its state (default: .wrangler/state beside wrangler.toml)
${placeHelp}`,
  options: {
    ...placeOptions,
    header: { type: 'string', short: 'H', multiple: true },
    as: { type: 'string' },
    session: { type: 'string' },
    'persist-to': { type: 'string' },
  },
  positionals: ['METHOD', 'URL'],
  async run(given, io) {
    const asked = readHead(given)
    const configuration = await readSoundConfiguration(given, io)
    const { gateway: config, settings, findings } = configuration
    const credentials = await readCredentials(given, io, configuration, asked)
    try {
      const gateway = openGateway(credentials)
      const explained = await explainRequest({
        config,
        gateway,
        head: credentials.head,
        place: configuration.files.place,
      })
      printExplained(explained, asked, given.flag('json'), io)
    } finally {
      await credentials.close()
    }
    if (findings.length > 0) io.err(`sallyport: ${findings.length} findings; run npx sallyport check`)
    return 0

    function openGateway({ store, authenticate }: Credentials): Gateway {
      return createGateway({
        config,
        settings,
        store,
        ...(authenticate && { authenticate }),
        fetch: (url, init) => fetch(url, init),
        now: io.now,
        log: () => undefined,
      })
    }
  },
}

export type { Explained }
