import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSealer } from '../../src/session/seal.ts'
import { handOut, makeTransaction } from '../../src/sign-in/transaction.ts'
import {
  clientSecret,
  type IdentityProvider,
  signInAtProvider,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { wholeOutput } from '../support/log-lines.ts'
import { type RunningRuntime, startRuntime } from '../support/runtimes.ts'
import { sealingKey } from '../support/sign-in-gateway.ts'
import { listen } from '../support/surroundings.ts'
import { createVisitor } from '../support/visitor.ts'

const entry = { workerd: '', deno: 'entry/sign-in-deno.ts', node: 'entry/sign-in-node.ts' }

/** As in a browser on workerd: test/browser/sign-in.test.ts. */
describe.each(['deno', 'node'] as const)('signing in at a real provider once more, on %s', (name) => {
  let provider: IdentityProvider
  let origin: Server
  let runtime: RunningRuntime
  let self: string

  beforeAll(async () => {
    provider = await startIdentityProvider()
    origin = createServer((request, response) => void response.end(`${request.headers['x-remote-user']}`))
    runtime = await startRuntime(name, {
      entry,
      environment: {
        SESSION_STORE: 'memory',
        CORP_ISSUER: provider.issuer,
        CORP_SECRET: clientSecret,
        SEALING_KEY: sealingKey,
        PROVIDER_TIMEOUT_MS: '20000',
        APP_URL: await listen(origin),
      },
    })
    self = `http://127.0.0.1:${runtime.port}`
    await provider.admit(self)
  })
  afterAll(async () => {
    await runtime?.stop()
    await provider.stop()
    origin.close()
    origin.closeAllConnections()
  })

  it('has a person show anew who they are, where the rule wants it newer', async () => {
    const visitor = createVisitor()
    await visitor.follow((await signInAtProvider(visitor, `${self}/`, 'alice')).href)
    // of when, this provider says nothing until it is asked
    await visitor.follow((await signInAtProvider(visitor, `${self}/payments`, 'alice')).href)
    expect(await (await visitor.go(`${self}/payments`)).text()).toBe('alice')
    const session = visitor.cookies(self).get('__Host-sallyport')
    const tooOld = async () => (await visitor.go(`${self}/payments`)).headers.get('location')
    await expect
      .poll(tooOld, { timeout: 30_000, interval: 500 })
      .toBe('/.sallyport/sign-in?return_to=%2Fpayments&max_age=12')
    const asked = provider.asked.length
    const { url, response } = await visitor.follow((await signInAtProvider(visitor, `${self}/payments`, 'alice')).href)
    expect([url.pathname, await response?.text()]).toEqual(['/payments', 'alice'])
    expect(provider.asked.slice(asked).some((line) => line.startsWith('POST /interaction/'))).toBe(true)
    expect(visitor.cookies(self).get('__Host-sallyport')).not.toBe(session)
  })

  it('takes no answer to a sign-in that was begun more than ten minutes ago', async () => {
    const sealer = createSealer([new Uint8Array(Buffer.from(sealingKey, 'base64url'))])
    const asked = { provider: 'corp', returnTo: '/', maxAgeSeconds: null, acr: null }
    const transaction = makeTransaction(asked, Date.now() / 1000 - 600)
    const [sealed = ''] = await handOut(sealer, transaction, self, '')
    const [, cookie = '', value = ''] = /^([^=]+)=([^;]*)/.exec(sealed) ?? []
    const visitor = createVisitor()
    visitor.cookies(self).set(cookie, value)
    const query = new URLSearchParams({ code: 'x', state: transaction.state, iss: provider.issuer })
    const response = await visitor.go(`${self}/.sallyport/callback/corp?${query}`)
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('transaction-expired')])
    expect([...visitor.cookies(self).keys()]).toEqual([])
    expect(await wholeOutput(runtime)).toContain('"reason":"transaction-expired"')
  })
})
