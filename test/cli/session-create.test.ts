import { expect, test } from 'vitest'
import { makeFolder, sallyport } from './support.ts'

const toml = `name = "a"
compatibility_date = "2026-11-01"
[vars]
SESSION_STORE = "kv"
[[kv_namespaces]]
binding = "SESSIONS"
id = "00000000000000000000000000000000"
`

test('a session that was made is found again, by its cookie and by its key', async () => {
  const folder = makeFolder({
    'wrangler.toml': toml,
    'routes/index.ts': `import app from './app.ts'\nexport default { origins: [app] }`,
    'routes/app.ts': `export default { name: 'app', host: 'app.example.com', upstream: 'https://legacy.example.net', session: true,
      rules: [{ path: '/admin', access: { all: [{ roles: ['admin'] }, { claim: 'level', is: 3 }] } }] }`,
  })
  try {
    // on a machine that does other things too each opening of the local KV takes its time
    const patient = { STORE_TIMEOUT_MS: '20000' }
    const where = { cwd: folder.path, environment: patient }
    const words = ['--subject', 'ada', '--role', 'admin', '--role', 'staff', '--scope', 'a.b']
    const claims = ['--claim', 'email=ada@example.com', '--claim', 'level:=3', '--claim', 'employee=007']
    const made = await sallyport(['session', 'create', ...words, ...claims, '--ttl', '900', '--json'], where)
    expect(made).toMatchObject({ code: 0, err: '' })
    const { cookie, key, setCookie, record } = JSON.parse(made.out)
    expect(cookie).toMatch(/^__Host-sallyport=v1\.[\w-]{44}\.[\w-]{43}$/)
    expect(setCookie).toBe(`${cookie}; Path=/; Secure; HttpOnly; SameSite=Lax`)
    expect(record).toMatchObject({
      subject: 'ada',
      issuer: 'sallyport',
      roles: ['admin', 'staff'],
      scopes: ['a.b'],
      claims: { email: 'ada@example.com', level: 3, employee: '007' },
      endsAt: record.createdAt + 900,
    })
    for (const session of [cookie, cookie.split('=')[1], key]) {
      const ran = await sallyport(
        ['explain', 'GET', 'https://app.example.com/admin', '--session', session, '--json'],
        where,
      )
      expect(JSON.parse(ran.out)).toMatchObject({ decision: 'forward', principal: { kind: 'session', subject: 'ada' } })
      expect(ran.out).not.toContain(cookie.split('=')[1])
    }
    const unknown = await sallyport(
      ['explain', 'GET', 'https://app.example.com/admin', '--session', `${key}x`, '--json'],
      where,
    )
    expect(JSON.parse(unknown.out)).toMatchObject({ reason: 'bad-session', refusal: { fault: 'unknown' }, status: 401 })
    const malformed = await sallyport(
      ['explain', 'GET', 'https://app.example.com/admin', '--session', 'nothing', '--json'],
      where,
    )
    expect(JSON.parse(malformed.out)).toMatchObject({ reason: 'bad-session', refusal: { fault: 'malformed' } })
    // as wrangler dev would read them: another key, other places
    const environment = { ...patient, PLACE_KEY: 'another key of at least 32 characters'.replaceAll(' ', '-') }
    const placed = await sallyport(
      ['session', 'create', '--subject', 'ada', '--role', 'admin', '--claim', 'level:=3'],
      {
        ...where,
        environment,
      },
    )
    const [, there = ''] =
      /curl -H 'Cookie: (__Host-sallyport=v1\.[\w-]{44}\.[\w-]{43})' http:\/\/localhost:8787\/$/.exec(placed.out) ?? []
    expect(there.slice(20, 42)).not.toBe(cookie.slice(20, 42))
    const explained = await sallyport(
      ['explain', 'GET', 'https://app.example.com/admin', '--session', there, '--json'],
      { ...where, environment },
    )
    expect(JSON.parse(explained.out)).toMatchObject({ decision: 'forward', principal: { subject: 'ada' } })
  } finally {
    folder.end()
  }
})

test('a key of places that Cloudflare alone keeps is asked for, not guessed', async () => {
  const folder = makeFolder({ 'wrangler.toml': `${toml}[secrets]\nrequired = ["PLACE_KEY"]\n` })
  const ran = await sallyport(['session', 'create', '--subject', 'ada'], { cwd: folder.path })
  folder.end()
  expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('PLACE_KEY is a secret that is not here')])
})
