/** Takes out of a text what a request carried in confidence: its credentials, and its query. */

import type { Refusal } from './decision.ts'
import type { Head } from './head.ts'

const confidential = ['authorization', 'cookie', 'proxy-authorization']
/** Shorter than this nothing is a secret, and cutting it out would make any text unreadable. */
const minSecretChars = 8

/** What a request carried. */
type Carried = Pick<Head, 'headers' | 'target'>

/** No line of the log is longer for what a stranger wrote. */
const maxLoggedChars = 2_048
/** What is matched is shorter. */
const maxPathChars = 16_384

/** The refusal as a log may have it: what a program said about a failure may quote the request. */
export const redactRefusal = (refusal: Refusal, head: Carried): Refusal =>
  cutLong('cause' in refusal ? { ...refusal, cause: redact(refusal.cause, head) } : refusal)

function cutLong(refusal: Refusal): Refusal {
  const short = Object.entries(refusal).map(([name, value]) => [
    name,
    typeof value === 'string' && value.length > maxLoggedChars ? `${value.slice(0, maxLoggedChars)}…` : value,
  ])
  return Object.fromEntries(short)
}

/** @returns the text with `[cut]` for every piece of a credential and for the query, whole or in parts */
export function redact(text: string, { headers, target }: Carried): string {
  const query = target.split('?').slice(1).join('?')
  const values = [query, ...confidential.map((name) => headers.get(name) ?? '')]
  const secrets = values.flatMap((value) => [value, ...value.split(/[\s;,=&"]+/)])
  return secrets
    .filter((secret) => secret.length >= minSecretChars)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '[cut]'), text)
}

/** The method as a log has it: none that is let through is longer. */
export const methodForLog = (method: string): string => method.slice(0, maxMethodChars)

const maxMethodChars = 32

/** The path as a log has it: no query, no fragment, nothing of an address written before it, no more than is ever matched. */
export const pathForLog = (target: string): string =>
  (target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '').slice(0, maxPathChars)
