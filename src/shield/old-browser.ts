/** What a browser may show that says nothing of where its requests come from: a token, by header or form field. */

import type { FormToken } from '../decision.ts'
import type { Reader } from './cors.ts'
import { type CsrfTokens, csrfHeader, readCsrfCookie } from './csrf-token.ts'
import { formKind } from './form.ts'

const speaking: readonly string[] = ['sec-fetch-site', 'origin', 'referer']

/**
 * @param session the value of the session's cookie
 * @returns `shown`: the token is there and good; where else it has yet to be found; or null: this is no proof
 */
export async function otherProof(
  tokens: CsrfTokens | null,
  headers: Reader,
  session: string,
): Promise<'shown' | FormToken | null> {
  const cookies = headers.get('cookie') ?? ''
  if (!tokens || speaking.some((name) => headers.get(name) !== null) || readCsrfCookie(cookies) === null) return null
  const token = headers.get(csrfHeader)
  if (token !== null) return (await tokens.check(token, { session, cookies })) ? 'shown' : null
  const form = formKind(headers.get('content-type'))
  // nobody could look into a body that is packed
  return form && headers.get('content-encoding') === null ? { form, session, cookies } : null
}
