/** Asks an issuer what it knows of one token (RFC 7662): what it says, and nothing of it judged. */

import type { Claims } from '../principal.ts'
import { discover, type Fetch, type KeyOwner, KeysUnavailable, propertyOf, readBounded } from './key-document.ts'
import { createShare, type WaitUntil } from './share.ts'

/** How an issuer is asked. */
export interface Introspection {
  /** null: its discovery document says where. */
  readonly url: string | null
  readonly clientId: string
  readonly clientSecret: string
}

export interface Introspector {
  /** @returns what it says of the token, null where it isn't active; throws {@link KeysUnavailable} for no such answer */
  ask(issuer: KeyOwner & { readonly introspection: Introspection }, token: string): Promise<Claims | null>
}

/** Thousands are kept: more than this no token has to say. */
const maxAnswerBytes = 32_768
/** For so long an endpoint that discovery named is asked without looking there again. */
const endpointSeconds = 3_600
/** So soon a discovery that failed is tried again. */
const retrySeconds = 5

/** @param now seconds since the epoch */
export function createIntrospector(fetch: Fetch, now: () => number, timeoutMilliseconds: number): Introspector {
  const endpoints = new Map<string, { readonly url: string; readonly foundAt: number }>()
  const failedAt = new Map<string, number>()
  const share = createShare<string>(timeoutMilliseconds, now)
  const outlived: WaitUntil = (work) => void work.catch(() => undefined)
  return {
    async ask(issuer, token) {
      const { introspection } = issuer
      const signal = AbortSignal.timeout(timeoutMilliseconds)
      const url = introspection.url ?? (await endpointOf(issuer))
      const response = await fetch(url, {
        method: 'POST',
        // what is sent here is for nobody else: the token, and our secret
        redirect: 'manual',
        signal,
        headers: {
          accept: 'application/json',
          authorization: basic(introspection),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      })
      if (response.status !== 200) {
        await response.body?.cancel()
        throw new KeysUnavailable(`introspection answered ${response.status}`)
      }
      return readAnswer(await readBounded(response, maxAnswerBytes))
    },
  }

  async function endpointOf(issuer: KeyOwner): Promise<string> {
    const known = endpoints.get(issuer.name)
    if (known && now() - known.foundAt < endpointSeconds) return known.url
    if (now() - (failedAt.get(issuer.name) ?? Number.NEGATIVE_INFINITY) < retrySeconds) {
      if (known) return known.url
      throw new KeysUnavailable('the issuer failed a moment ago')
    }
    return share
      .run(issuer.name, outlived, async () => {
        const url = await discover(fetch, issuer, 'introspection_endpoint', AbortSignal.timeout(timeoutMilliseconds))
        endpoints.set(issuer.name, { url, foundAt: now() })
        return url
      })
      .catch((error: unknown) => {
        failedAt.set(issuer.name, now())
        if (known) return known.url
        throw error
      })
  }
}

/** RFC 6749 section 2.3.1: both are form-encoded before they are joined. */
const basic = ({ clientId, clientSecret }: Introspection): string =>
  `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

/** RFC 7662 section 2.2: `active` is a boolean; whatever hasn't got it is no answer. */
function readAnswer(text: string): Claims | null {
  const answer = parse(text)
  const isActive = propertyOf(answer, 'active')
  if (typeof isActive !== 'boolean') throw new KeysUnavailable('introspection did not say whether the token is active')
  return isActive ? (answer as Claims) : null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeysUnavailable('introspection did not answer in JSON')
  }
}
