import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
let house: string

/** A copy of the house without src/sign-in and its doctor, and without the two lines that plug each in. */
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'sallyport-without-'))
  for (const name of ['src', 'routes', 'package.json', 'tsconfig.json'])
    cpSync(join(root, name), join(house, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
  rmSync(join(house, 'src/sign-in'), { recursive: true })
  rmSync(join(house, 'src/cli/doctor'), { recursive: true })
  unplug('src/runtime/runtime.ts', /createSignIn/)
  unplug('src/cli/main.ts', /doctor/)
})

/** Takes the two lines away that name it. */
function unplug(file: string, name: RegExp): void {
  const lines = readFileSync(join(house, file), 'utf8').split('\n')
  const left = lines.filter((line) => !name.test(line))
  expect(lines.length - left.length).toBe(2)
  writeFileSync(join(house, file), left.join('\n'))
}
afterAll(() => rmSync(house, { recursive: true }))

const run = (command: string, ...facts: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, facts, { cwd: house, encoding: 'utf8' })
  return { status, told: `${stdout}${stderr}` }
}

describe('a gateway without the folder src/sign-in', () => {
  it('compiles', () => {
    writeFileSync(
      join(house, 'tsconfig.json'),
      JSON.stringify({ ...JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')), include: ['src'] }),
    )
    const { status, told } = run(join(root, 'node_modules/.bin/tsc'), '-p', '.')
    expect([status, told]).toEqual([0, ''])
  })

  it('guards origins by bearer tokens and by sessions that an origin vouches for', () => {
    writeFileSync(join(house, 'try.ts'), program)
    const { told } = run(process.execPath, '--no-warnings', 'try.ts')
    expect(JSON.parse(told.trim().split('\n').at(-1) ?? '')).toEqual({
      nobody: 401,
      token: 'ada',
      anotherKey: 401,
      signIn: 'made',
      session: 'grace',
      signInPath: 404,
    })
  })
})

const program = `
import { generateKeyPairSync, sign } from 'node:crypto'
import { openGateway } from './src/runtime/runtime.ts'
import { createMemoryStore } from './src/session/stores/memory.ts'

const seconds = () => Date.now() / 1000
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const tokenBy = (key) => {
  const text = base64({ alg: 'ES256', kid: 'k' }) + '.' + base64({ iss: 'https://i.example', aud: 'api', sub: 'ada', exp: seconds() + 60 })
  return text + '.' + sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}
const secret = 'the-secret-that-the-old-app-knows-too'
const { gateway } = openGateway(
  {
    issuers: { i: { issuer: 'https://i.example', audience: 'api', algorithms: ['ES256'], jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] } } },
    origins: [
      {
        name: 'app',
        host: 'app.example.com',
        upstream: 'https://u.example.net',
        session: true,
        bearer: ['i'],
        identity: { headers: { 'X-Remote-User': 'subject' } },
        rules: [{ path: '/login', access: 'public', signIn: 'vouched' }, { path: '/*', access: 'signed-in' }],
      },
    ],
  },
  { SESSION_STORE: 'memory', VOUCH_SECRET: secret, LOG: 'off' },
  { name: 'node', openStore: () => createMemoryStore(seconds), hasBinding: () => false, hasZone: false },
)
const begin = (target, headers = {}) =>
  gateway.begin(
    { method: 'GET', scheme: 'https', host: 'app.example.com', target, headers: new Headers(headers), clientAddress: null },
    () => undefined,
  )
const ask = async (headers) => {
  const begun = await begin('/', headers)
  return begun.kind === 'answer' ? begun.answer.status : new Map(begun.plan.headers).get('x-remote-user')
}
const login = await begin('/login')
const { answer } = await login.vouch({
  status: 303,
  headers: [['x-sallyport-sign-in', '{"subject":"grace"}'], ['x-sallyport-proof', 'secret ' + secret]],
})
const cookie = (answer.headers.find(([name]) => name === 'set-cookie')?.[1] ?? '').split(';')[0]
console.log(
  JSON.stringify({
    nobody: await ask({}),
    token: await ask({ authorization: 'Bearer ' + tokenBy(privateKey) }),
    anotherKey: await ask({ authorization: 'Bearer ' + tokenBy(other.privateKey) }),
    signIn: cookie === '' ? 'none' : 'made',
    session: await ask({ cookie }),
    signInPath: (await gateway.endpoints.fetch(new Request('https://app.example.com/.sallyport/sign-in'))).status,
  }),
)
`
