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
