/** A browser, the gateway on workerd, PHP behind it, and the pages of other sites: by https, under names of their own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { chromium, type Page } from 'playwright-core'
import { vi } from 'vitest'
import { anyPort } from '../../../examples/demo/ports.ts'
import { createMemoryStore } from '../../../src/session/stores/memory.ts'
import { linesOf } from '../../support/log-lines.ts'
import { findProgram } from '../../support/programs.ts'
import { type RunningRuntime, startRuntime } from '../../support/runtimes.ts'
import { laySession } from '../../support/sessions.ts'
import { listen, serveKv } from '../../support/surroundings.ts'
import { makeCertificate } from './certificate.ts'

export const programs = { chromium: findProgram('chromium'), php: findProgram('php'), openssl: findProgram('openssl') }
export const lacksPrograms = Object.values(programs).includes(null)

export const app = 'https://app.example.test'
export const sibling = 'https://other.example.test'
export const evil = 'https://evil.test'

/** What reached the application. */
export interface Reached {
  readonly method: string
  readonly path: string
  readonly user: string
  readonly body: string
  readonly post: Record<string, string>
  readonly cookies: readonly string[]
  readonly origin: string | null
}

export interface World {
  /** A page of that address, signed in or not; each in a profile of its own. */
  open(address: string, options?: { readonly signedIn?: boolean }): Promise<Page>
  /** What reached the application at this path. */
  reached(path: string): Promise<readonly Reached[]>
  /** The gateway's log lines about this path: they come behind the answers, so it waits until there are so many. */
  logged(path: string, count?: number): Promise<readonly Record<string, unknown>[]>
  readonly gateway: RunningRuntime
  readonly cookie: string
  stop(): Promise<void>
}

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
flags.push('--disable-component-update', '--disable-sync')

export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-browser-'))
  const tls = await makeCertificate(programs.openssl ?? '', folder)
  const journal = join(folder, 'reached')
  const php = await startPhp(folder, journal)
  const now = Date.now() / 1000
  const memory = createMemoryStore(() => now)
  const session = await laySession(memory, { subject: 'maria', ttlSeconds: 3600 }, now)
  const { place, name } = session.key
  const kv = serveKv(new Map([[`${place}/${name}`, JSON.stringify(session.record)]]))
  const gateway = await startRuntime('workerd', {
    entry: { workerd: '../browser/world/worker.ts', deno: '', node: '' },
    kvPort: Number(new URL(await listen(kv)).port),
    tls,
    environment: {
      APP_URL: `http://127.0.0.1:${php.port}`,
      SESSION_STORE: 'kv',
      STORE_TIMEOUT_MS: '20000',
      CSRF_KEY: Buffer.alloc(32, 7).toString('base64url'),
    },
  })
  const elsewhere = createServer({ key: tls.key, cert: tls.certificate }, servePages)
  const elsewhereUrl = await listen(elsewhere)
  const plain = createHttpServer(servePages)
  const plainUrl = await listen(plain)
  const browser = await chromium.launch({
    executablePath: programs.chromium ?? '',
    args: [
      ...flags,
      `--ignore-certificate-errors-spki-list=${tls.pin}`,
      `--host-resolver-rules=MAP app.example.test:443 127.0.0.1:${gateway.port}, MAP *:443 127.0.0.1:${new URL(elsewhereUrl).port}, MAP *:80 127.0.0.1:${new URL(plainUrl).port}`,
    ],
  })

  return {
    gateway,
    cookie: session.cookie,
    async open(address, { signedIn = true } = {}) {
      const context = await browser.newContext()
      context.setDefaultTimeout(20_000)
      if (signedIn) {
        const flags = { httpOnly: true, secure: true, sameSite: 'Lax' } as const
        await context.addCookies([{ name: '__Host-sallyport', value: session.cookie, url: app, ...flags }])
      }
      const page = await context.newPage()
      await page.goto(address)
      return page
    },
    async reached(path) {
      const lines = (await readFile(journal, 'utf8').catch(() => '')).split('\n').filter(Boolean)
      return lines.map((line) => JSON.parse(line) as Reached).filter((entry) => entry.path === path)
    },
    logged: (path, count = 1) =>
      vi.waitFor(
        () => {
          const lines = linesOf(gateway).filter((entry) => entry['path'] === path)
          if (lines.length < count) throw new Error(`${lines.length} of ${count} lines about ${path}`)
          return lines
        },
        { timeout: 20_000 },
      ),
    async stop() {
      await browser.close()
      await gateway.stop()
      php.child.kill()
      for (const server of [elsewhere, plain, kv]) {
        server.close()
        server.closeAllConnections()
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A page of any other site: empty, or one that sends the browser on. */
const servePages: RequestListener = (request, response) => {
  const url = new URL(request.url ?? '/', 'https://h')
  const to = url.searchParams.get('to')
  if (url.pathname === '/image') {
    response.setHeader('content-type', 'image/gif')
    return void response.end(Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAA=', 'base64'))
  }
  response.setHeader('content-type', 'text/html')
  if (to !== null) response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: to })
  response.end('<!doctype html><title>elsewhere</title>')
}

async function startPhp(folder: string, journal: string): Promise<{ child: ChildProcess; port: number }> {
  const port = await anyPort()
  const child = spawn(programs.php ?? '', ['-S', `127.0.0.1:${port}`, join(import.meta.dirname, 'app.php')], {
    env: { PATH: process.env['PATH'], REACHED: journal, TMPDIR: folder, PHP_CLI_SERVER_WORKERS: '1' },
    stdio: 'ignore',
  })
  for (let tries = 0; tries < 600; tries++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isUp) return { child, port }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  child.kill()
  throw new Error('php does not listen')
}
