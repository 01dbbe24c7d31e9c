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

export const signInPage = (signInUrl: string | null): string =>
  page(
    'Sign in',
    null,
    signInUrl === null
      ? '<p>Ask the administrator of this app for a session.</p>'
      : `<p>The page you asked for is for those who have signed in.</p>
<p><a href="${escapeHtml(signInUrl)}">Choose whom to be</a></p>`,
  )

export const missingPage = (visitor: Visitor): string => page('Not found', visitor, '<p>There is no such page.</p>')

export const style = `body { font: 1.1rem/1.5 Georgia, serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
header { border-bottom: 1px solid; display: flex; gap: 1rem; align-items: center }
small { margin-left: auto }
`

export const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><path d="M4 28V12L16 4l12 8v16z" fill="#a33"/></svg>\n'

/** @param visitor null on a page that anybody sees */
const page = (title: string, visitor: Visitor | null, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title} - Old Books Ltd</title>
<link rel="stylesheet" href="/assets/style.css">
<header><img src="/assets/logo.svg" alt=""><a href="/">Old Books Ltd</a>${visitor ? `<small>${escapeHtml(visitor.user)} ${escapeHtml(visitor.roles)}</small>` : ''}</header>
<h1>${title}</h1>
${body}
</html>
`

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
