/** What the demo prints: the addresses, and commands to copy, each with the status that it gets. */

import { accounts } from '../legacy/accounts.ts'

export interface Tour {
  readonly gateway: string
  readonly legacy: string
  readonly provider: string
  readonly cookies: { readonly ada: string; readonly grace: string }
}

interface Stop {
  readonly what: string
  readonly status: number
  readonly command: string
}

export function printTour(tour: Tour): string {
  const stops = stopsOf(tour).map(({ what, status, command }) => `  # ${status}: ${what}\n  ${command}\n`)
  const people = accounts.map(({ name, password, roles }) => {
    const what = roles.includes('admin') ? 'an administrator, who may open /admin' : 'an ordinary account'
    return `  ${name.padEnd(7)}${password.padEnd(12)}${what}`
  })
  return `
Open ${tour.gateway}/ in a browser, and sign in as

${people.join('\n')}

with the app's own form, or with the identity provider: both know them.

  ${tour.gateway}   the gateway, which everybody talks to
  ${tour.legacy}   the old app behind it, which believes X-Remote-User
  ${tour.provider}   the identity provider, which signs people in and gives tokens to robots

Or copy into another terminal (each with the status that it gets):

${stops.join('\n')}
Each line below is one request, as the gateway logs it. Ctrl-C ends everything.
`
}

function stopsOf({ gateway, provider, cookies }: Tour): readonly Stop[] {
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
      what: 'an API call with a JWT from the provider',
      status: 200,
      command: `curl -i -H "Authorization: Bearer $(curl -s ${provider}/robot-token)" ${gateway}/api/reports`,
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
