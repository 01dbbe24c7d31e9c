/** An old server-rendered app: it believes whatever `X-Remote-User` says, and has never heard of a token. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import process from 'node:process'
import { adminPage, guestbookPage, homePage, logo, missingPage, signInPage, style, type Visitor } from './pages.ts'

const maxBodyBytes = 10_000
const maxNotes = 50

interface Note {
  readonly by: string
  readonly text: string
}

/** @param signInUrl where the page `/sign-in` sends people; it is all that this app knows of signing in */
export function createLegacyApp(signInUrl: string | null): Server {
  const notes: Note[] = [{ by: 'ada', text: 'The coffee machine is mended.' }]
  return createServer((request, response) => {
    void answer(request, response).catch(() => response.writeHead(500).end('It broke.\n'))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    const visitor = visitorOf(request)
    if (path === '/guestbook' && request.method === 'POST') return write(request, response, visitor)
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'Not here.\n')
    switch (path) {
      case '/':
        return send(response, 200, 'text/html', homePage(visitor))
      case '/admin':
        return send(response, 200, 'text/html', adminPage(visitor))
      case '/guestbook':
        return send(response, 200, 'text/html', guestbookPage(visitor, notes))
      case '/sign-in':
        return send(response, 200, 'text/html', signInPage(signInUrl))
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

/** @returns null for a form that is too long */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) return null
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

if (import.meta.main) {
  const port = Number(process.env['PORT'] ?? 8788)
  createLegacyApp(process.env['SIGN_IN_URL'] ?? null).listen(port, '127.0.0.1', () =>
    console.error(`legacy: http://127.0.0.1:${port}`),
  )
}
