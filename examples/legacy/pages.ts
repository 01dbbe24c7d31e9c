/** What the old app shows: strings put together on the server, as it was done then. */

export interface Visitor {
  readonly user: string
  readonly email: string
  readonly roles: string
}

export const homePage = (visitor: Visitor): string =>
  page(
    'Home',
    visitor,
    `<p>Good day, <b>${escapeHtml(visitor.user)}</b>.</p>
<ul>
<li><a href="/guestbook">The guestbook</a>, with a form</li>
<li><a href="/admin">Administration</a></li>
<li><a href="/whoami">Who this app takes you for</a></li>
</ul>`,
  )

export const adminPage = (visitor: Visitor): string =>
  page('Administration', visitor, '<p>Here one deletes customers. This app asks nobody whether they may.</p>')

export const guestbookPage = (visitor: Visitor, notes: readonly { by: string; text: string }[]): string =>
  page(
    'Guestbook',
    visitor,
    `<form method="post" action="/guestbook"><input name="note" maxlength="500" required> <button>Write</button></form>
<ul>
${notes.map(({ by, text }) => `<li><b>${escapeHtml(by)}</b>: ${escapeHtml(text)}</li>`).join('\n')}
</ul>`,
  )

/** Two ways in: the form that this app always had, and the gateway's provider. Both end at the page that was wanted. */
export const signInPage = (returnTo: string, isWrong: boolean): string =>
  page(
    'Sign in',
    null,
    `${isWrong ? '<p><b>Name and password do not belong together.</b></p>' : '<p>The page you asked for is for those who have signed in.</p>'}
<form method="post" action="/sign-in" class="sign-in">
<h2>With a password of this app</h2>
<input type="hidden" name="return_to" value="${escapeHtml(returnTo)}">
<label>Name <input name="name" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>
<h2>Or with the company's account</h2>
<p><a href="/.sallyport/sign-in?return_to=${escapeHtml(encodeURIComponent(returnTo))}">Sign in with the identity provider</a></p>`,
  )

export const missingPage = (visitor: Visitor): string => page('Not found', visitor, '<p>There is no such page.</p>')

export const style = `body { font: 1.1rem/1.5 Georgia, serif; max-width: 40rem; margin: 1rem auto; padding: 0 1rem }
h2 { font-size: 1.1rem }
header { border-bottom: 1px solid; display: flex; gap: 1rem; align-items: center }
header form { margin-left: auto }
.sign-in label { display: block; margin: .5rem 0 }
`

export const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><path d="M4 28V12L16 4l12 8v16z" fill="#a33"/></svg>\n'

/** @param visitor null on a page that anybody sees */
const page = (title: string, visitor: Visitor | null, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title} - Old Books Ltd</title>
<link rel="stylesheet" href="/assets/style.css">
<header><img src="/assets/logo.svg" alt=""><a href="/">Old Books Ltd</a>${visitor ? whoAmI(visitor) : ''}</header>
<h1>${title}</h1>
${body}
</html>
`

/** Signing out is the gateway's: it ends the session, however it began. */
const whoAmI = ({ user, roles }: Visitor): string =>
  `<form method="post" action="/.sallyport/sign-out">${escapeHtml(user)} (${escapeHtml(roles)}) <button>Sign out</button></form>`

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
