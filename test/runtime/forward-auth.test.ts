/** The decision alone, for a proxy that shows its secret; and the examples for nginx and Caddy, run by them. */

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyPort } from '../../examples/demo/ports.ts'
import { requestText, send, statusOf, valuesOf } from '../support/http.ts'
import { plainReply } from '../support/origin.ts'
import { findProgram } from '../support/programs.ts'
import { runtimeNames } from '../support/runtimes.ts'
import { checkSecret, type Surroundings, surround } from '../support/surroundings.ts'

type Headers = readonly (readonly [string, string])[]
const told = (uri: string, method = 'GET'): Headers => [
  ['X-Sallyport-Secret', checkSecret],
  ['X-Forwarded-Method', method],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Host', 'app.test'],
  ['X-Forwarded-Uri', uri],
]

describe.each(runtimeNames)('%s', (name) => {
  let around: Surroundings
  beforeAll(async () => {
    around = await surround(name)
  })
  afterAll(() => around?.stop())

  const ask = async (headers: Headers, more: Headers = []) => {
    const { message } = await send(
      around.runtime.port,
      requestText('GET /.sallyport/check', 'anything.test', [...headers, ...more]),
    )
    if (!message) throw new Error('no answer')
    return message
  }

  it('says who it is, and forwards nothing', async () => {
    const answer = await ask(told('/signed-in/a'), [
      ['Cookie', around.cookies.member],
      ['X-Remote-User', 'evil'],
    ])
    expect([statusOf(answer), valuesOf(answer, 'x-remote-user')]).toEqual([200, ['user-0']])
    expect(around.origin.received).toEqual([])
  })

  // the others go on with whatever they began
  if (name === 'workerd')
    it('keeps a session awake, though the platform ends with the answer what nobody told it of', async () => {
      expect(statusOf(await ask(told('/signed-in/a'), [['Cookie', around.cookies.idle]]))).toBe(200)
      await expect.poll(() => around.written).toHaveLength(1)
    })

  it.each<[string, () => Headers, number]>([
    ['public', () => told('/public/a'), 200],
    ['no credential', () => told('/signed-in/a'), 401],
    ['not the role', () => [...told('/admin/a'), ['Cookie', around.cookies.member]], 403],
    ['no rule', () => told('/nowhere'), 403],
    ['a path that can be read in two ways', () => told('/public/..%2fadmin/a'), 403],
    [
      'a forged post',
      () => [...told('/signed-in/a', 'POST'), ['Cookie', around.cookies.member], ['Origin', 'https://evil.test']],
      403,
    ],
    [
      'a handshake of another site, after nginx',
      () => [
        ...told('/signed-in/a'),
        ['Cookie', around.cookies.member],
        ['Origin', 'https://evil.test'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-WebSocket-Version', '13'],
      ],
      403,
    ],
    [
      'a preflight',
      () => [
        ...told('/signed-in/a', 'OPTIONS'),
        ['Origin', 'https://console.test'],
        ['Access-Control-Request-Method', 'PUT'],
      ],
      403,
    ],
    ['a store that hangs', () => [...told('/signed-in/a'), ['Cookie', around.cookies.hung]], 503],
    ['no method', () => told('/public/a').filter(([header]) => header !== 'X-Forwarded-Method'), 403],
    ['no URI', () => told('/public/a').filter(([header]) => header !== 'X-Forwarded-Uri'), 403],
    ['two hosts', () => [...told('/public/a'), ['X-Forwarded-Host', 'evil.test']], 403],
    ['no secret', () => told('/public/a').slice(1), 404],
    ['another secret', () => [['X-Sallyport-Secret', `${checkSecret}x`], ...told('/public/a').slice(1)], 404],
  ])('%s', async (_, headers, status) => {
    expect(statusOf(await ask(headers()))).toBe(status)
  })
})

interface Front {
  readonly name: string
  readonly program: string | null
  /** Writes the example, with what it leaves open filled in, into the folder. @returns how to run it */
  write(folder: string, port: number, around: Surroundings): Promise<readonly string[]>
}

const example = (file: string): Promise<string> =>
  readFile(new URL(`../../examples/forward-auth/${file}`, import.meta.url), 'utf8')

const fronts: readonly Front[] = [
  {
    name: 'nginx.conf',
    program: findProgram('nginx'),
    async write(folder, port, around) {
      const filled = (await example('nginx.conf'))
        .replaceAll('LISTEN', `127.0.0.1:${port}`)
        .replaceAll('SALLYPORT/', `127.0.0.1:${around.runtime.port}/`)
        .replaceAll('http://APP', `http://127.0.0.1:${around.origin.port}`)
        .replaceAll('"SECRET"', `"${checkSecret}"`)
        .replaceAll('app.example.com', 'app.test')
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (one) => `${one}_temp_path ${folder}/${one};`,
      )
      const file = join(folder, 'nginx.conf')
      await writeFile(
        file,
        `daemon off;\nmaster_process off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${filled}\n}\n`,
      )
      return ['-c', file, '-p', folder]
    },
  },
  {
    name: 'Caddyfile',
    program: findProgram('caddy'),
    async write(folder, port, around) {
      const filled = (await example('Caddyfile'))
        .replaceAll('{$SALLYPORT}', `127.0.0.1:${around.runtime.port}`)
        .replaceAll('{$APP}', `127.0.0.1:${around.origin.port}`)
        .replaceAll('{$CHECK_SECRET}', checkSecret)
        .replaceAll('app.example.com', `http://app.test:${port}`)
      const file = join(folder, 'Caddyfile')
      await writeFile(file, `{\nadmin off\ndefault_bind 127.0.0.1\nauto_https off\n}\n${filled}`)
      return ['run', '--config', file, '--adapter', 'caddyfile']
    },
  },
]

describe.each(fronts)('examples/forward-auth/$name', ({ program, write }) => {
  let around: Surroundings
  let port: number
  let end: () => Promise<void>
  beforeAll(async () => {
    if (!program) return
    around = await surround('node')
    port = await anyPort()
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-front-'))
    const child = spawn(program, await write(folder, port, around), {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], HOME: folder },
    })
    end = async () => {
      child.kill('SIGTERM')
      await around.stop()
      await rm(folder, { recursive: true, force: true })
    }
    await listening(port)
  })
  afterAll(() => end?.())

  const test = it.skipIf(!program)

  test.each<[string, (ours: string) => string, readonly string[]]>([
    ['alone', (ours) => ours, []],
    ['first', (ours) => `${ours}; a=1; b=2`, ['a=1; b=2']],
    ['in the middle', (ours) => `a=1; ${ours}; b=2`, ['a=1; b=2']],
    ['last', (ours) => `a=1; b=2; ${ours}`, ['a=1; b=2']],
    ['by the name that hosts share', (ours) => `a=1; ${ours.replace('__Host-', '__Secure-')}; b=2`, ['a=1; b=2']],
    ['not there', () => 'a=1; b=2', ['a=1; b=2']],
  ])("the gateway's cookie, %s, doesn't reach the app", async (_, cookies, want) => {
    around.origin.received.length = 0
    around.origin.reply = plainReply
    const headers: Headers = [['Cookie', cookies(around.cookies.member)]]
    const { message } = await send(port, requestText('GET /optional/a', 'app.test', headers))
    expect(message && statusOf(message)).toBe(200)
    const [received] = around.origin.received
    const seen = (received ? valuesOf(received, 'cookie') : []).map((value) => value.replace(/;\s*$/, ''))
    expect(seen.filter((value) => value !== '')).toEqual(want)
  })

  test.each<[string, string, () => Headers, number, readonly string[] | null]>([
    ['someone signed in', '/signed-in/a?x=1', () => [['Cookie', around.cookies.member]], 200, ['user-0']],
    [
      'a forged identity',
      '/signed-in/a',
      () => [
        ['Cookie', around.cookies.member],
        ...['X-Remote-User', 'X_Remote_User', 'X-Remote_User', 'X_Remote-Roles', 'X.Remote.User'].map(
          (spelling) => [spelling, 'evil'] as const,
        ),
      ],
      200,
      ['user-0'],
    ],
    [
      'a forged identity of nobody',
      '/public/a',
      () => [
        ['X-Remote-User', 'evil'],
        ['X-Sallyport-Secret', 'x'],
      ],
      200,
      [],
    ],
    [
      'a forged address',
      '/signed-in/a',
      () => [
        ['X-Forwarded-Uri', '/public/a'],
        ['X-Original-URL', '/public/a'],
      ],
      401,
      null,
    ],
    ['nobody', '/signed-in/a', () => [], 401, null],
    ['not the role', '/admin/a', () => [['Cookie', around.cookies.member]], 403, null],
    ['an encoded way out', '/public/..%2fadmin/a', () => [], 403, null],
  ])('%s', async (_, target, headers, status, user) => {
    around.origin.received.length = 0
    around.origin.reply = plainReply
    const { message } = await send(port, requestText(`GET ${target}`, 'app.test', headers()))
    expect(message && statusOf(message)).toBe(status)
    const [received] = around.origin.received
    expect(received ? valuesOf(received, 'x-remote-user') : null).toEqual(user)
    expect(received ? valuesOf(received, 'x-sallyport-secret') : []).toEqual([])
    expect(JSON.stringify(received?.headers ?? [])).not.toMatch(/evil|\{http/)
    if (received) expect(received.start).toContain(target)
  })

  test.each<[string, string, () => Headers, readonly string[]]>([
    ["says the client's own", '/signed-in/basic', () => [['Cookie', around.cookies.member], ours], [ours[1]]],
    ["doesn't say", '/public/a', () => [ours], []],
    ["doesn't say in another spelling", '/public/a', () => [['X-Sallyport-Authorization', ours[1]], ours], []],
    ['has none to say', '/signed-in/basic', () => [['Cookie', around.cookies.member]], []],
  ])('Authorization is what Sallyport says, and nothing where it %s', async (_, target, headers, want) => {
    around.origin.received.length = 0
    around.origin.reply = plainReply
    const { message } = await send(port, requestText(`GET ${target}`, 'app.test', headers()))
    expect(message && statusOf(message)).toBe(200)
    const [received] = around.origin.received
    expect(received && valuesOf(received, 'authorization')).toEqual(want)
    expect(JSON.stringify(received?.headers)).not.toContain('x-sallyport-authorization')
  })
})

const ours = ['Authorization', 'Basic Y2xpZW50OnNlbnQ='] as const

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { message } = await send(port, requestText('GET /', 'other.test')).catch(() => ({ message: null }))
    if (message) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it does not listen')
}
