/** The one page that the gateway shows by itself: what happened, and what to do. */

interface Refused {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly requestId: string
}

export const style =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem;color-scheme:light dark}small{opacity:.6}'

/** The SHA-256 of `style`: a test computes it anew. */
export const styleHash = 'sha256-zyJTCrkVKD1a/gPQ3tNLsovU4L8EQVsBIfcnrsuC9jw='

/** The headers of a page of the gateway's own: it runs nothing, loads nothing, and stands in no frame. */
export const pageHeaders: readonly [string, string][] = [
  ['content-type', 'text/html; charset=utf-8'],
  [
    'content-security-policy',
    `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  ],
]

/**
 * For a form that came without a session. Reloaded, this page sends the form again: the browser still has it, and nobody
 * else.
 *
 * @param signIn of the request it holds nothing
 */
export function resendPage(refused: Refused, signIn: string): string {
  return pageOf(
    refused,
    `<p>${refused.detail} What you filled in has not been sent, and this tab still has it:</p>
<ol>
<li><a href="${escaped(signIn)}" target="_blank" rel="noopener">sign in in another tab</a>,</li>
<li>come back to this one and reload it. The browser asks whether to send the form again: do.</li>
</ol>`,
  )
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Nothing in it comes from the request. */
export const refusalPage = (refused: Refused): string => pageOf(refused, `<p>${refused.detail}</p>`)

function pageOf({ status, title, requestId }: Refused, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>${style}</style>
<h1>${title}</h1>
${body}
<p><small>${status} &middot; request ${requestId}</small></p>
</html>
`
}

/** The headers of the page that signs out: its one form goes to this host. */
export const signOutPageHeaders: [string, string][] = [
  ['content-type', 'text/html; charset=utf-8'],
  ['cache-control', 'no-store'],
  ['referrer-policy', 'same-origin'],
  ['x-frame-options', 'DENY'],
  [
    'content-security-policy',
    `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  ],
]

/** Signing out changes something, so a link can't do it: a button can. */
export const signOutPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign out</title>
<style>${style}</style>
<h1>Sign out</h1>
<form method="post" action="/.sallyport/sign-out"><button>Sign out here</button></form>
<form method="post" action="/.sallyport/sign-out?everywhere=1"><button>Sign out everywhere</button></form>
</html>
`
