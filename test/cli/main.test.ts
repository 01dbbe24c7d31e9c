import { describe, expect, test } from 'vitest'
import { sallyport, sallyportProcess } from './support.ts'

describe('what was typed wrongly ends with 2', () => {
  test.each([
    [['chek'], 'did you mean "check"?'],
    [['frobnicate'], 'the verbs: check, routes, explain, doctor, secret, session create'],
    [['session'], 'did you mean "session ls"?'],
    [['session', 'crate'], 'did you mean "session create"?'],
    [['check', '--jsn'], 'did you mean --json?'],
    [['check', '--frobnicate'], 'its flags: --routes'],
    [['check', '-x'], 'no flag -x'],
    [['check', '--routes'], 'routes'],
    [['check', '--json=yes'], 'json'],
    [['check', 'routes'], 'doesn\'t know what to do with "routes"'],
    [['check', '--runtime', 'bun'], 'workerd, deno, node'],
    [['check', '--config', 'nowhere.toml'], 'there is no file nowhere.toml'],
    [['check', '--env', 'nowhere'], 'there is no [env.nowhere]'],
    [['explain'], 'METHOD is missing'],
    [['explain', 'GET'], 'URL is missing'],
    [['explain', 'GET', '/admin'], 'no whole URL'],
    [['explain', 'https://a.example', 'GET'], 'no whole URL'],
    [['explain', 'https://a.example', 'https://a.example'], 'the method comes first'],
    [['explain', 'GET', 'https://a.example', '-H', 'no colon'], 'is no header'],
    [['explain', 'GET', 'https://a.example', '-H', 'X: a\nb'], 'is no header'],
    [['explain', 'GET', 'https://a.example', '--as', 'nowhere.json'], "can't be read"],
    [['session', 'create'], 'wants --subject'],
    [['session', 'create', '--subject', 'a', '--ttl', '0'], 'no number of seconds'],
    [['session', 'create', '--subject', 'a', '--ttl', '1e3'], 'no number of seconds'],
    [['session', 'create', '--subject', 'a', '--claim', 'x'], 'NAME=TEXT'],
    [['session', 'create', '--subject', 'a', '--claim', 'x:={'], 'no JSON'],
    [['session', 'create', '--subject', 'a'.repeat(1025)], '1 to 1024 characters'],
    [['session', 'create', '--subject', 'a', '--url', "http://h/'; rm"], 'no plain http address'],
    [['session', 'create', '--subject', 'a', '--remember'], '--remember goes with --url'],
  ])('%j', async (args, message) => {
    const ran = await sallyport(args)
    expect(ran.err).toContain(message)
    expect(ran).toMatchObject({ code: 2, out: '' })
  })
})

describe('help', () => {
  test.each([[['--help']], [['help']], [['check', '--help']], [['explain', '-h']], [['session', 'create', '--help']]])(
    '%j is printed, and ends with 0',
    async (args) => {
      const ran = await sallyport(args)
      expect(ran).toMatchObject({ code: 0, err: '' })
      expect(ran.out).toContain('Usage: npx sallyport')
    },
  )

  test('nothing typed prints it too, and ends with 2', async () => {
    const ran = await sallyportProcess([])
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain('Usage: npx sallyport VERB')
  })
})

describe('secret', () => {
  test('prints 256 bits, another each time', async () => {
    const [one, two] = [await sallyport(['secret']), await sallyport(['secret', '--json'])]
    expect(one.out).toMatch(/^[\w-]{43}$/)
    expect(JSON.parse(two.out).secret).toMatch(/^[\w-]{43}$/)
    expect(JSON.parse(two.out).secret).not.toBe(one.out)
  })

  test('prints a key that ASSERTION_KEY takes', async () => {
    const { out } = await sallyport(['secret', '--assertion-key'])
    const { readSettings } = await import('../../src/settings.ts')
    const settings = readSettings({ ASSERTION_KEY: out }, { issuers: new Map(), providers: new Map(), origins: [] })
    expect(settings).toMatchObject({ ok: true, value: { assertionKeys: [{ kty: 'EC', kid: expect.any(String) }] } })
    const { createAssertionSigner } = await import('../../src/forward/assertion.ts')
    const keys = settings.ok ? settings.value.assertionKeys : []
    const { keys: published } = await createAssertionSigner(keys, 'sallyport', () => 0).publicKeys
    expect(published).toHaveLength(1)
    expect(published[0]).not.toHaveProperty('d')
  })
})

test('a Node that reads no TypeScript is told so', async () => {
  const { spawnSync } = await import('node:child_process')
  const { cpSync, mkdtempSync, rmSync } = await import('node:fs')
  const [{ tmpdir }, { join }] = [await import('node:os'), await import('node:path')]
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  try {
    cpSync(`${import.meta.dirname}/../../src/cli/sallyport.js`, `${folder}/sallyport.mjs`)
    const { status, stderr } = spawnSync(process.execPath, ['--no-experimental-strip-types', `${folder}/sallyport.mjs`])
    expect(String(stderr)).toContain('Node 22.18 or later')
    expect(status).toBe(2)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
