/** The pages a person sees on the way in: what went wrong, and whom to sign in with. */

import { pageHeaders, style } from '../page.ts'
import type { Provider } from '../route/compile-provider.ts'
import { adviceOn, type Failure } from './failure.ts'

export const signInPath = '/.sallyport/sign-in'

export function failurePage(failure: Failure, requestId: string): Response {
  const { status, title, detail } = adviceOn(failure)
  const again = failure.reason === 'not-a-navigation' ? '' : `<p><a href="${signInPath}">Sign in again</a></p>`
  const body = page(
    title,
    `<p>${detail}</p>${again}<p><small>${status} &middot; ${failure.reason} &middot; request ${requestId}</small></p>`,
  )
  return new Response(body, {
    status,
    headers: [...pageHeaders, ...bare, ['x-sallyport', 'refused']],
  })
}

/**
 * Links, not buttons: choosing changes nothing here.
 *
 * @param asked what a rule asked of the sign-in goes on with it
 */
export function chooserPage(
  providers: readonly Pick<Provider, 'name' | 'label'>[],
  returnTo: string,
  asked: URLSearchParams,
): Response {
  const links = providers.map(({ name, label }) => {
    const query = new URLSearchParams({ provider: name, return_to: returnTo })
    for (const ask of ['max_age', 'acr_values']) if (asked.has(ask)) query.set(ask, asked.get(ask) ?? '')
    return `<li><a href="${escaped(`${signInPath}?${query}`)}">${escaped(label)}</a></li>`
  })
  return new Response(page('Sign in', `<p>Sign in with:</p><ul>${links.join('')}</ul>`), {
    headers: [...pageHeaders, ...bare],
  })
}

/** A page and no redirect: of a form's answer a browser follows none to another site where the form's page forbids it. */
export function leavePage(label: string, address: string): Response {
  const to = escaped(address)
  const body = `<p>You are signed out here.</p><p><a href="${to}">Sign out at ${escaped(label)} too</a></p>`
  return new Response(page('Signing out', body, `<meta http-equiv="refresh" content="0;url=${to}">\n`), {
    headers: [...pageHeaders, ...bare, ['cache-control', 'no-store']],
  })
}

export const signedOutPage = (): Response =>
  new Response(page('Signed out', '<p><a href="/">Go to the home page</a></p>'), { headers: [...pageHeaders, ...bare] })

/** What stands in the address of these pages is nobody else's business. */
const bare: [string, string][] = [['referrer-policy', 'no-referrer']]

const page = (title: string, body: string, head = ''): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
${head}<style>${style}</style>
<h1>${title}</h1>
${body}
</html>
`

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
