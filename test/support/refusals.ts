/** A refusal of every reason. */

import type { Refusal } from '../../src/decision.ts'

/** One of each: a new reason fails to compile here as it does in respond.ts. */
export const everyReason: { readonly [R in Refusal['reason']]: Extract<Refusal, { readonly reason: R }> } = {
  'ambiguous-path': { reason: 'ambiguous-path', fault: 'backslash' },
  malformed: { reason: 'malformed', what: 'cookie' },
  'too-large': { reason: 'too-large', what: 'cookie' },
  'method-refused': { reason: 'method-refused', method: 'TRACE' },
  'no-host': { reason: 'no-host', host: 'nowhere.example.com' },
  'no-rule': { reason: 'no-rule' },
  'not-https': { reason: 'not-https' },
  'no-credential': { reason: 'no-credential' },
  'bad-token': { reason: 'bad-token', fault: 'expired' },
  'bad-session': { reason: 'bad-session', fault: 'expired' },
  forged: { reason: 'forged', from: 'https://evil.example.com' },
  'cross-origin': { reason: 'cross-origin', from: 'https://evil.example.com', lacks: 'origin' },
  'not-allowed': { reason: 'not-allowed', needs: 'signed-in' },
  'sign-in-anew': { reason: 'sign-in-anew', withinSeconds: 600, acr: ['mfa'] },
  'missing-scope': { reason: 'missing-scope', scopes: ['write'] },
  'store-unavailable': { reason: 'store-unavailable', cause: 'TooSlow' },
  'keys-unavailable': { reason: 'keys-unavailable', issuer: 'corp', cause: 'the issuer answered 500' },
  'issuer-unavailable': { reason: 'issuer-unavailable', issuer: 'corp', cause: 'introspection answered 500' },
  'token-unavailable': { reason: 'token-unavailable', cause: 'TooSlow' },
  'upstream-unreachable': { reason: 'upstream-unreachable', cause: 'ECONNREFUSED' },
  loop: { reason: 'loop', via: '1.1 sallyport' },
  'upstream-timeout': { reason: 'upstream-timeout', seconds: 30 },
  'client-timeout': { reason: 'client-timeout', seconds: 30 },
  fault: { reason: 'fault', cause: 'TypeError' },
}
