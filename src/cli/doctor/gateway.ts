/** Whether a sign-in could begin at the gateway that runs: what stands in front of it, its clock, and whether cookies pass. */

import { request } from 'undici'
import type { Provider } from '../../route/compile-provider.ts'
import { callbackPath } from '../../sign-in/callback.ts'
import { signInPath } from '../../sign-in/pages.ts'
import { maxTransactions, transactionPrefix } from '../../sign-in/transaction.ts'
import { causeOf } from '../cause.ts'
import { type Finding, mend, ok, unknown } from './finding.ts'
import { clockOf } from './provider.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/**
 * Begins a sign-in as a browser does, and goes no further.
 *
 * @param self `https://app.example.com`
 * @param now seconds since the epoch
 */
export async function examineGateway(
  self: string,
  provider: Provider,
  authorizationEndpoint: string,
  now: () => number,
): Promise<readonly Finding[]> {
  let answer: Answer
  try {
    answer = await begin(`${self}${signInPath}?provider=${provider.name}&return_to=%2F`)
  } catch (error) {
    const says = `${self} gives no answer (${causeOf(error)})`
    return [unknown('gateway', says, 'ask again when the gateway runs there; its address can be given with --url')]
  }
  const { status, headers } = answer
  const location = headers.get('location')
  if (status !== 303 || !location?.startsWith(authorizationEndpoint)) return [notBegun(self, answer)]
  const asked = new URL(location).searchParams.get('redirect_uri')
  const back = self + callbackPath(provider)
  const isSelf = asked === null || asked === back
  return [
    isSelf
      ? ok('gateway', `${self} sends people to ${provider.label}`)
      : mend('gateway', `${self} takes itself for ${new URL(asked).origin}`, schemeFix),
    clockOf(headers, now(), 'the gateway'),
    cookieOf(self, headers.getSetCookie()),
  ]
}

const schemeFix =
  'let what stands in front pass Host as it came, and set PUBLIC_SCHEME=https where TLS ends there (docs/deploy.md)'

/** Not by fetch, which says that a script asks. Brings the cookies of more tabs than there may be: the oldest must be taken back. */
async function begin(url: string): Promise<Answer> {
  const cookies = Array.from({ length: maxTransactions }, (_, at) => `${transactionPrefix}doctor-${at}=${at + 1}.spent`)
  const signal = AbortSignal.timeout(10_000)
  const { statusCode, headers, body } = await request(url, {
    headers: {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      cookie: cookies.join('; '),
    },
    signal,
  })
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  )
  return { status: statusCode, headers: new Headers(pairs), text: (await body.text()).slice(0, 65_536) }
}

function notBegun(self: string, { status, headers, text }: Answer): Finding {
  const [, code, id] = /&middot; ([\w-]+) &middot; request ([\w-]+)/.exec(text) ?? []
  if (code)
    return mend(
      'gateway',
      `${self} can't begin a sign-in: ${code}`,
      `docs/sign-in.md says what that means, and the gateway's log has it as request ${id}`,
    )
  if (headers.get('x-sallyport') === 'refused' || status === 404)
    return mend('gateway', `${self} answers ${status}: it has no such provider`, 'deploy these routes there')
  return mend(
    'gateway',
    `${self} answers ${status}, and not as a gateway would`,
    `let what stands in front pass ${signInPath} on`,
  )
}

/** Both ways: what the gateway sets must come as it was set, and what a browser sends must reach it. */
function cookieOf(self: string, set: readonly string[]): Finding {
  const isLocal = /^(?:localhost|.*\.localhost)$/.test(new URL(self).hostname)
  if (self.startsWith('http:') && !isLocal)
    return mend('cookie', `a browser keeps no Secure cookie of ${self}`, 'open the site by https, or as localhost')
  const cookies = set.filter((text) => text.startsWith(transactionPrefix))
  const made = cookies.find((text) => !/; *max-age=0\b/i.test(text))
  const isWhole =
    made !== undefined && /; *secure\b/i.test(made) && /; *path=\/(?:;|$)/i.test(made) && !/; *domain=/i.test(made)
  if (!isWhole)
    return mend(
      'cookie',
      made === undefined
        ? 'the cookie of a sign-in is lost on its way to the browser'
        : 'the cookie of a sign-in is changed on its way to the browser',
      'let what stands in front (a cache, a CDN, a proxy) pass Set-Cookie on as it came',
    )
  if (!cookies.some((text) => text.startsWith(`${transactionPrefix}doctor-0=;`)))
    return mend(
      'cookie',
      'cookies are lost on their way to the gateway',
      'let what stands in front pass Cookie on as it came',
    )
  return ok('cookie', 'cookies pass both ways, as they are')
}
