import { describe, expect, it } from 'vitest'
import { respondRefused } from '../src/respond.ts'
import { head } from './support/head.ts'
import { everyReason } from './support/refusals.ts'

const asked = { head: head('GET https://app.example.com/'), route: null, origin: null, requestId: 'request-0' }
const statuses: Readonly<Record<keyof typeof everyReason, number>> = {
  'ambiguous-path': 400,
  malformed: 400,
  'too-large': 431,
  'method-refused': 405,
  'no-host': 404,
  'no-rule': 404,
  'not-https': 308,
  'no-credential': 401,
  'bad-token': 401,
  'bad-session': 401,
  forged: 403,
  'cross-origin': 403,
  'not-allowed': 403,
  'sign-in-anew': 401,
  'missing-scope': 403,
  'store-unavailable': 503,
  'keys-unavailable': 503,
  'issuer-unavailable': 503,
  'token-unavailable': 503,
  'upstream-unreachable': 502,
  loop: 508,
  'upstream-timeout': 504,
  'client-timeout': 408,
  fault: 500,
}

describe('every reason to refuse', () => {
  it.each(Object.values(everyReason).map((refusal) => [refusal.reason, refusal] as const))(
    '%s is told apart by its status, and tells nothing of what we know',
    (reason, refusal) => {
      const { status, headers, body } = respondRefused(refusal, asked)
      expect(status).toBe(statuses[reason])
      expect(headers).toContainEqual(['x-sallyport', 'refused'])
      expect(headers.map(([name]) => name)).not.toContain('set-cookie')
      for (const inside of ['TooSlow', 'ECONNREFUSED', 'TypeError', 'evil.example.com', 'nowhere', 'answered 500'])
        expect(`${JSON.stringify(headers)}${body}`).not.toContain(inside)
    },
  )
})
