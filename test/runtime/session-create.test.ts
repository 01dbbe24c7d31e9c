import { createServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runGateway } from '../../examples/demo/gateway.ts'
import { anyPort } from '../../examples/demo/ports.ts'
import { checkout, makeFolder, sallyportProcess } from '../cli/support.ts'
import { listen } from '../support/surroundings.ts'

const toml = `name = "a"
main = ${JSON.stringify(join(checkout, 'src/runtime/workers.ts'))}
compatibility_date = "2026-11-01"
[vars]
SESSION_STORE = "kv"
[[kv_namespaces]]
binding = "SESSIONS"
id = "00000000000000000000000000000000"
`

const secrets = Object.fromEntries(['CORP_SECRET', 'SEALING_KEY', 'VOUCH_SECRET'].map((name) => [name, 'A'.repeat(43)]))

test('a running wrangler dev knows a session as soon as it was created', async () => {
  const app = createServer(({ headers }, response) => response.end(`for ${headers['x-remote-user']}`))
  const upstream = await listen(app)
  // what wrangler dev keeps lies beside its wrangler.toml
  const place = makeFolder({ 'wrangler.toml': toml })
  const config = join(place.path, 'wrangler.toml')
  const gateway = runGateway({
    folder: checkout,
    config,
    port: await anyPort(),
    vars: { APP_URL: upstream, CORP_ISSUER: 'https://issuer.example.com', ...secrets },
    log: () => undefined,
  })
  try {
    await gateway.ready
    const ask = (cookie?: string) => fetch(`http://127.0.0.1:${gateway.port}/`, cookie ? { headers: { cookie } } : {})
    expect((await ask()).status).toBe(401)
    const made = await sallyportProcess(['session', 'create', '--subject', 'ada', '--config', config, '--json'])
    expect(made.code).toBe(0)
    const { cookie } = JSON.parse(made.out)
    const answer = await ask(cookie)
    expect([answer.status, await answer.text()]).toEqual([200, 'for ada'])
    expect((await ask(cookie.replace(/.$/, (last: string) => (last === 'A' ? 'E' : 'A')))).status).toBe(401)
  } finally {
    await gateway.stop()
    app.close()
    place.end()
  }
})
