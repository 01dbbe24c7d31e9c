/** What the demo prints: the addresses, and commands to copy, each with the status that it gets. */

export interface Tour {
  readonly gateway: string
  readonly legacy: string
  readonly issuer: string
  readonly signIn: string
  readonly cookies: { readonly ada: string; readonly grace: string }
}

interface Stop {
  readonly what: string
  readonly status: number
  readonly command: string
}

export function printTour(tour: Tour): string {
  const stops = stopsOf(tour).map(({ what, status, command }) => `  # ${status}: ${what}\n  ${command}\n`)
  return `
  The gateway         ${tour.gateway}      what everybody talks to
  The legacy app      ${tour.legacy}      behind it; knows nothing of signing in
  The issuer          ${tour.issuer}      signs tokens, publishes its keys

In a browser: open ${tour.gateway}/ and follow "Choose whom to be", or go to
${tour.signIn}/ at once. It lays the session cookie of Ada or of Grace into the browser.
Chromium takes it on http://localhost, as it is (other browsers may want https for a \`__Host-\` cookie).

To copy into another terminal:

${stops.join('\n')}
Each line below is one request, as the gateway logs it. Ctrl-C ends everything.
`
}

function stopsOf({ gateway, issuer, cookies }: Tour): readonly Stop[] {
  const ada = `-b '${cookies.ada}'`
  const grace = `-b '${cookies.grace}'`
  const forged = "-H 'X-Remote-User: root' -H 'X_Remote_User: root'"
  return [
    { what: 'a public asset', status: 200, command: `curl -i ${gateway}/assets/style.css` },
    { what: 'a page without a session', status: 401, command: `curl -i ${gateway}/` },
    {
      what: 'the same as a browser asks for it: off to the sign-in page',
      status: 303,
      command: `curl -i -H 'Accept: text/html' ${gateway}/`,
    },
    { what: 'as Ada, an ordinary account', status: 200, command: `curl -i ${ada} ${gateway}/` },
    { what: 'Ada at /admin: known, and not allowed', status: 403, command: `curl -i ${ada} ${gateway}/admin` },
    { what: 'Grace, an administrator', status: 200, command: `curl -i ${grace} ${gateway}/admin` },
    {
      what: 'an API call with a JWT from the issuer',
      status: 200,
      command: `curl -i -H "Authorization: Bearer $(curl -s ${issuer}/token)" ${gateway}/api/reports`,
    },
    {
      what: 'Ada has a session, and no token for the API',
      status: 403,
      command: `curl -i ${ada} ${gateway}/api/reports`,
    },
    {
      what: 'Ada says that she is root; the app still sees ada',
      status: 200,
      command: `curl -i ${ada} ${forged} ${gateway}/whoami`,
    },
    { what: 'nobody says to be root', status: 401, command: `curl -i ${forged} ${gateway}/whoami` },
  ]
}
