/** A browser, the gateway on workerd, a real provider, and an application with a form. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { clientSecret, type IdentityProvider, startIdentityProvider } from '../../support/identity-provider.ts'
import { findProgram } from '../../support/programs.ts'
import { hasRedis, startBridge, startRedis } from '../../support/redis.ts'
import { type RunningRuntime, startRuntime } from '../../support/runtimes.ts'
import { sealingKey } from '../../support/sign-in-gateway.ts'
import { listen } from '../../support/surroundings.ts'

const executablePath = findProgram('chromium')
export const lacksPrograms = executablePath === null || !hasRedis()
const adminSecret = 'the-secret-of-those-who-administer-it'

/** A request that reached the application. */
export interface Reached {
  readonly method: string
  readonly path: string
  readonly user: string
  readonly type: string
  readonly body: Buffer
}

export interface SignInWorld {
  /** `http://localhost:…` */
  readonly app: string
  /** Pages of a stranger's. */
  readonly evil: string
  readonly provider: IdentityProvider
  readonly gateway: RunningRuntime
  readonly reached: Reached[]
  /** A browser that nobody has used. */
  browse(): Promise<BrowserContext>
  /** Ends every session of somebody, and leaves the cookies. */
  end(subject: string): Promise<void>
  stop(): Promise<void>
}

export async function startSignInWorld(): Promise<SignInWorld> {
  const provider = await startIdentityProvider()
  const reached: Reached[] = []
  const application = createServer((request, response) => void serve(request, response, reached))
  const stranger = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>')
  })
  const redis = await startRedis()
  const upstash = await startBridge(redis.port)
  const gateway = await startRuntime('workerd', {
    entry: { workerd: '../browser/world/sign-in-worker.ts', deno: '', node: '' },
    environment: {
      APP_URL: await listen(application),
      SESSION_STORE: 'upstash',
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: upstash.token,
      CORP_ISSUER: provider.issuer,
      CORP_SECRET: clientSecret,
      SEALING_KEY: sealingKey,
      STORE_TIMEOUT_MS: '20000',
      PROVIDER_TIMEOUT_MS: '20000',
      ADMIN_SECRET: adminSecret,
    },
  })
  const app = `http://localhost:${gateway.port}`
  await provider.admit(app)
  const evil = await listen(stranger)
  const browser: Browser = await chromium.launch({
    executablePath: executablePath ?? '',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  return {
    app,
    evil,
    provider,
    gateway,
    reached,
    async browse() {
      const context = await browser.newContext()
      context.setDefaultTimeout(20_000)
      // the provider's pages want fonts of the internet
      await context.route(/^https:/, (route) => route.abort())
      return context
    },
    async end(subject) {
      const response = await fetch(`${app}/.sallyport/admin/sessions/end`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminSecret}` },
        body: JSON.stringify({ issuer: provider.issuer, subject }),
      })
      if (response.status !== 204) throw new Error(`not ended: ${response.status}`)
    },
    async stop() {
      await browser.close()
      await gateway.stop()
      await upstash.close()
      await redis.stop()
      await provider.stop()
      for (const server of [application, stranger]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

/** Fills the provider's forms, as far as it shows any, and waits until the browser is back. */
export async function signIn(page: Page, { app, provider }: SignInWorld, login: string): Promise<void> {
  for (let forms = 0; forms < 4 && page.url().startsWith(provider.issuer); forms++) {
    if ((await page.locator('input[name=login]').count()) > 0) {
      await page.fill('input[name=login]', login)
      await page.fill('input[name=password]', 'x')
    }
    const before = page.url()
    await page.click('button[type=submit]')
    await page.waitForURL((url) => url.href !== before)
  }
  await page.waitForURL((url) => url.origin === app && !url.pathname.startsWith('/.sallyport/'))
}

async function serve(request: IncomingMessage, response: ServerResponse, reached: Reached[]): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  const path = url.split('?', 1)[0] ?? ''
  const user = String(headers['x-remote-user'] ?? '')
  reached.push({ method, path, user, type: headers['content-type'] ?? '', body: Buffer.concat(chunks) })
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><title>${method} ${url}</title><h1>${user}</h1>
<form method="post" action="/save?of=${path}"><textarea name="text"></textarea><button>save</button></form>
<form method="post" action="/upload" enctype="multipart/form-data"><input type="file" name="file"><button>upload</button></form>`)
}
