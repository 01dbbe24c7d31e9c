import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { adminSecret, at, type Kept, openKept } from '../support/kept.ts'
import { laySession } from '../support/sessions.ts'

let kept: Kept
let server: Server
let url = ''
beforeAll(async () => {
  kept = openKept()
  server = createServer(getRequestListener(kept.gateway.endpoints.fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function sallyport(
  words: readonly string[],
  environment: Record<string, string> = { ADMIN_SECRET: adminSecret },
) {
  let [out, err] = ['', '']
  const io = {
    cwd: '/',
    environment,
    now: () => 0,
    out(text: string) {
      out += text
    },
    err(text: string) {
      err += text
    },
  }
  return { code: await run([...words, '--url', url], io), out, err }
}
const make = async () =>
  (await (await kept.admin('POST', '/sessions', { subject: 'ada', roles: ['admin'] })).json()) as {
    cookie: string
    id: string
  }
const status = async (cookie: string) => (await kept.ask(`GET ${at}/admin`, { cookie })).answer.status

it('lists sessions, ends one, and ends all', async () => {
  const [a, b] = [await make(), await make()]
  expect((await sallyport(['session', 'ls', 'ada'])).out).toContain(a.id)
  expect(await sallyport(['session', 'end', '--id', a.id])).toEqual({ code: 0, out: 'Ended.', err: '' })
  expect([await status(a.cookie), await status(b.cookie)]).toEqual([401, 200])
  expect((await sallyport(['session', 'end', '--subject', 'ada', '--json'])).code).toBe(0)
  expect(await status(b.cookie)).toBe(401)
  kept.pass(1)
  const c = await make()
  expect((await sallyport(['session', 'end', '--issuer', 'sallyport', '--everyone'])).code).toBe(0)
  expect(await status(c.cookie)).toBe(401)
  expect((await sallyport(['session', 'ls', 'ada'])).out).toBe('No sessions.')
})

it('makes a session, with the cookie and a line to try it with', async () => {
  const who = [
    '--subject',
    'eve',
    '--issuer',
    'desk',
    '--role',
    'admin',
    '--claim',
    'email=eve@example.com',
    '--origin',
    'app',
  ]
  const made = await sallyport(['session', 'create', ...who])
  const [, cookie = ''] = /^curl -H 'Cookie: (__Host-sallyport=v1\.[\w-]{44}\.[\w-]{43})' http:/m.exec(made.out) ?? []
  expect([made.code, made.err]).toEqual([0, ''])
  expect(made.out.startsWith(cookie)).toBe(true)
  expect(await status(cookie)).toBe(200)
  // until it ends by itself, as the gateway says
  expect(made.out).toContain(new Date((kept.now() + 43_200) * 1000).toISOString())
  const elsewhere = await kept.ask('GET https://other.example.com/admin', { cookie })
  expect(elsewhere.answer.status).toBe(401)

  const remembered = await sallyport(['session', 'create', ...who, '--remember', '--json'])
  expect(JSON.parse(remembered.out)).toMatchObject({
    cookie: expect.stringMatching(/^__Host-sallyport=/),
    endsAt: kept.now() + 2_592_000,
  })
  expect((await sallyport(['session', 'ls', 'eve', '--issuer', 'desk'])).out).toContain(JSON.parse(remembered.out).id)
})

it('says that there are more than it lists', async () => {
  for (let count = 0; count < 1_001; count++)
    await laySession(kept.store, { subject: 'many', issuer: 'lots', ttlSeconds: 600 }, kept.now())
  const { out } = await sallyport(['session', 'ls', 'many', '--issuer', 'lots'])
  expect(out).toContain('There are more than these')
})

it('denies a token', async () => {
  expect(await sallyport(['deny', 'token-1', '--issuer', 'https://i.example'])).toEqual({
    code: 0,
    out: 'Denied.',
    err: '',
  })
})

it.each([
  ['without ADMIN_SECRET', ['session', 'ls', 'ada'], {}, 2, 'ADMIN_SECRET is not set'],
  ['with another secret', ['session', 'ls', 'ada'], { ADMIN_SECRET: 'wrong' }, 1, '401'],
  ['with nothing to end', ['session', 'end'], undefined, 2, '--id'],
  ['with everyone of nobody', ['session', 'end', '--everyone'], undefined, 2, '--everyone goes with --issuer'],
  [
    'with a life of its own',
    ['session', 'create', '--subject', 'a', '--ttl', '9'],
    undefined,
    2,
    '--ttl is for the local KV',
  ],
  ['for nobody', ['session', 'create'], undefined, 2, '--subject'],
  ['for who is too long', ['session', 'create', '--subject', 'a'.repeat(1025)], undefined, 1, '400: Write { subject'],
  ['with a token of nobody', ['deny', 'x'], undefined, 2, '--issuer'],
])('%s it says what to do', async (_, words, environment, code, message) => {
  const said = await sallyport(words, environment)
  expect([said.code, said.err]).toEqual([code, expect.stringContaining(message)])
})

it('says why a gateway gives no answer', async () => {
  let said = ''
  const io = {
    cwd: '/',
    environment: { ADMIN_SECRET: adminSecret },
    now: () => 0,
    out: () => undefined,
    err(text: string) {
      said += text
    },
  }
  expect(await run(['session', 'ls', 'ada', '--url', 'http://127.0.0.1:1'], io)).toBe(1)
  expect(said).toMatch(
    /^sallyport: http:\/\/127\.0\.0\.1:1 gives no answer \(E?[A-Za-z ]+\): see that the gateway runs there/,
  )
})

it('sends the secret to nobody over plain http but this machine', async () => {
  const said = await run(['session', 'ls', 'ada', '--url', 'http://gateway.example'], {
    cwd: '/',
    environment: { ADMIN_SECRET: adminSecret },
    now: () => 0,
    out: () => undefined,
    err: () => undefined,
  })
  expect(said).toBe(2)
})
