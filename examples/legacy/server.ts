/** An old server-rendered app: it believes whatever `X-Remote-User` says, and has a login form of its own. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import process from 'node:process'
import { findAccount } from './accounts.ts'
import { readForm } from './form.ts'
import { adminPage, guestbookPage, homePage, logo, missingPage, signInPage, style, type Visitor } from './pages.ts'

const maxNotes = 50

interface Note {
  readonly by: string
  readonly text: string
}

/** @param vouchSecret what it shows the gateway when it vouches for somebody: `VOUCH_SECRET` of both */
export function createLegacyApp(vouchSecret: string): Server {
  const notes: Note[] = [{ by: 'ada', text: 'The coffee machine is mended.' }]
  return createServer((request, response) => {
    void answer(request, response).catch(() => response.writeHead(500).end('It broke.\n'))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost')
    const visitor = visitorOf(request)
    if (request.method === 'POST' && path === '/guestbook') return write(request, response, visitor)
    if (request.method === 'POST' && path === '/sign-in') return signIn(request, response)
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'Not here.\n')
    switch (path) {
      case '/':
        return send(response, 200, 'text/html', homePage(visitor))
      case '/admin':
        return send(response, 200, 'text/html', adminPage(visitor))
      case '/guestbook':
        return send(response, 200, 'text/html', guestbookPage(visitor, notes))
      case '/sign-in':
        return send(response, 200, 'text/html', signInPage(pathOf(query.get('return_to')), false))
      case '/whoami':
        return send(response, 200, 'application/json', `${JSON.stringify(visitor)}\n`)
      case '/api/reports':
        return send(
          response,
          200,
          'application/json',
          `${JSON.stringify({ for: visitor.user, reports: [2024, 2025] })}\n`,
        )
      case '/assets/style.css':
        return send(response, 200, 'text/css', style)
      case '/assets/logo.svg':
        return send(response, 200, 'image/svg+xml', logo)
      default:
        return send(response, 404, 'text/html', missingPage(visitor))
    }
  }

  /** Looks the password up as it always did. New is only that it tells the gateway, which makes the session. */
  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request)
    const returnTo = pathOf(form?.get('return_to') ?? null)
    const account = findAccount(form?.get('name') ?? null, form?.get('password') ?? null)
    if (!account) return send(response, 403, 'text/html', signInPage(returnTo, true))
    const { name: subject, email, roles } = account
    response.writeHead(303, {
      location: returnTo,
      'x-sallyport-sign-in': JSON.stringify({ subject, roles, claims: { email } }),
      'x-sallyport-proof': `secret ${vouchSecret}`,
    })
    response.end()
  }

  async function write(request: IncomingMessage, response: ServerResponse, visitor: Visitor): Promise<void> {
    const form = await readForm(request)
    if (!form) return send(response, 413, 'text/plain', 'Too long.\n')
    const text = form.get('note')?.trim()
    if (text) notes.unshift({ by: visitor.user, text: text.slice(0, 500) })
    notes.splice(maxNotes)
    response.writeHead(303, { location: '/guestbook' }).end()
  }
}

/** The whole of its authentication. Whoever can reach this port is whoever they say. */
const visitorOf = ({ headers }: IncomingMessage): Visitor => ({
  user: String(headers['x-remote-user'] ?? 'nobody'),
  email: String(headers['x-remote-email'] ?? ''),
  roles: String(headers['x-remote-roles'] ?? ''),
})

/** A path of this app: whoever wrote the link, nobody is sent elsewhere after signing in. */
const pathOf = (text: string | null): string => (text && /^\/(?![/\\])[\x21-\x7e]*$/.test(text) ? text : '/')

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

if (import.meta.main) {
  const port = Number(process.env['PORT'] ?? 8788)
  createLegacyApp(process.env['VOUCH_SECRET'] ?? '').listen(port, '127.0.0.1', () =>
    console.error(`legacy: http://127.0.0.1:${port}`),
  )
}
