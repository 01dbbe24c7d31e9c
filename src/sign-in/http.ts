/** Speaks to a provider: bounded in time and size, and never redirected. */

import type { Fetch } from '../authenticate/key-document.ts'
import { TooSlow, within } from '../authenticate/share.ts'

/** The provider can't be asked, or its answer can't be taken. The message says nothing of what was read. */
export class ProviderUnavailable extends Error {
  override readonly name = 'ProviderUnavailable'
}

const maxAnswerBytes = 262_144
/** Statuses that have no body (Fetch section 2.2.3). */
const nullBody: ReadonlySet<number> = new Set([101, 204, 205, 304])

/** A fetch whose answers are whole when they come; throws {@link ProviderUnavailable}. */
export function createProviderFetch(fetch: Fetch, timeoutMilliseconds: number): Fetch {
  return async (url, init) => {
    try {
      return await within(timeoutMilliseconds, ask(url, init))
    } catch (error) {
      if (error instanceof ProviderUnavailable) throw error
      throw new ProviderUnavailable(error instanceof TooSlow ? error.message : 'no answer', { cause: error })
    }
  }

  async function ask(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMilliseconds)
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    // an opaque redirect has status 0 where the runtime speaks as browsers do
    if (response.status < 200 || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel()
      throw new ProviderUnavailable('a redirect, where there may be none')
    }
    const text = await readBounded(response)
    return new Response(nullBody.has(response.status) ? null : text, {
      status: response.status,
      headers: response.headers,
    })
  }
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxAnswerBytes) throw new ProviderUnavailable(`an answer of more than ${maxAnswerBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
