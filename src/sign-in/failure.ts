/** Why somebody could not sign in, and what a person can do about it. */

/** Closed: a new reason fails to compile where the page is written. */
export type Failure =
  | { readonly reason: 'not-a-navigation' }
  | { readonly reason: 'malformed'; readonly what: string }
  | { readonly reason: 'no-transaction' }
  | { readonly reason: 'transaction-expired' }
  /** Whether it came with a session's cookie: then it is the site that doesn't take what it keeps. */
  | { readonly reason: 'loop'; readonly keepsCookie: boolean }
  /** What the provider said in `error` (RFC 6749 section 4.1.2.1). */
  | { readonly reason: 'denied'; readonly error: string }
  | { readonly reason: 'provider-error'; readonly error: string }
  /** RFC 9207: the answer comes from another issuer than the one that was asked. */
  | { readonly reason: 'wrong-issuer' }
  | { readonly reason: 'code-refused'; readonly error: string }
  | { readonly reason: 'client-refused'; readonly error: string }
  | { readonly reason: 'bad-id-token'; readonly fault: string }
  | { readonly reason: 'bad-logout-token'; readonly fault: string }
  | { readonly reason: 'bad-userinfo'; readonly fault: string }
  | { readonly reason: 'bad-answer'; readonly fault: string }
  | { readonly reason: 'provider-unavailable'; readonly cause: string }
  | { readonly reason: 'store-unavailable'; readonly cause: string }
  | { readonly reason: 'fault'; readonly cause: string }

export interface Advice {
  readonly status: number
  readonly title: string
  readonly detail: string
}

const operator = 'If it happens again, tell the operator the code below.'

/** Switches without `default`. */
export function adviceOn(failure: Failure): Advice {
  switch (failure.reason) {
    case 'not-a-navigation':
      return {
        status: 400,
        title: 'Open this in a browser',
        detail: 'Only a person, in a browser window, can sign in.',
      }
    case 'malformed':
      return {
        status: 400,
        title: 'Sign-in failed',
        detail: `The answer of the sign-in service was malformed. ${operator}`,
      }
    case 'no-transaction':
      return {
        status: 400,
        title: 'Sign-in not found',
        detail:
          'This browser has not begun this sign-in, or has begun it at another address of this site, or did not keep the cookie for it, or has finished it already. Sign in again, and allow cookies for this site.',
      }
    case 'transaction-expired':
      return {
        status: 400,
        title: 'Sign-in took too long',
        detail: 'It was begun more than ten minutes ago. Sign in again.',
      }
    case 'loop':
      return {
        status: 429,
        title: 'Sign-in goes round in circles',
        detail: failure.keepsCookie
          ? `This browser came back from the sign-in service several times within a minute. It keeps its session, and this site did not take it: the sign-in may be too old or too weak for the page, or the session ended at once. Wait a minute, then try again. ${operator}`
          : 'This browser came back from the sign-in service several times within a minute, and did not keep the cookie of its session. Allow cookies for this site, open it by https, and check the clock of this computer. Wait a minute, then try again.',
      }
    case 'denied':
      return { status: 403, title: 'Sign-in was declined', detail: 'Consent was not given. Nothing has been changed.' }
    case 'provider-error':
      return { status: 502, title: 'Sign-in failed', detail: `The sign-in service reported an error. ${operator}` }
    case 'wrong-issuer':
      return {
        status: 400,
        title: 'Sign-in refused',
        detail: 'The answer came from another sign-in service than the one that was asked.',
      }
    case 'code-refused':
      return {
        status: 400,
        title: 'Sign-in was used already',
        detail: 'The sign-in service did not accept its own answer a second time. Sign in again.',
      }
    case 'client-refused':
      return {
        status: 502,
        title: 'Sign-in is not set up',
        detail: `The sign-in service does not know this site, or not by this secret. ${operator}`,
      }
    case 'bad-logout-token':
      return { status: 400, title: 'Not a logout token', detail: 'Nobody was signed out.' }
    case 'bad-id-token':
    case 'bad-userinfo':
    case 'bad-answer':
      return {
        status: 502,
        title: 'Sign-in refused',
        detail: `The answer of the sign-in service could not be trusted. ${operator}`,
      }
    case 'provider-unavailable':
    case 'store-unavailable':
      return {
        status: 503,
        title: 'Try again shortly',
        detail: 'Signing in does not work just now. Nothing has been changed.',
      }
    case 'fault':
      return { status: 500, title: 'Internal error', detail: `Something went wrong at the gateway. ${operator}` }
  }
}
