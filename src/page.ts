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

/** Nothing in it comes from the request. */
export function refusalPage({ status, title, detail, requestId }: Refused): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>${style}</style>
<h1>${title}</h1>
<p>${detail}</p>
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
