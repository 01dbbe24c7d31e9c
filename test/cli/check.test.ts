import { describe, expect, test } from 'vitest'
import { checkout, makeFolder, sallyport, sallyportProcess } from './support.ts'

const index = `import app from './app.ts'
export default { issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'a', algorithms: ['RS256'] } }, origins: [app] }`
const app = (more: string, rules = "[{ path: '/*', access: 'signed-in' }]"): string =>
  `export default { name: 'app', host: 'app.example.com', upstream: 'https://legacy.example.net', bearer: ['corp'], ${more} rules: ${rules} }`
const toml = '[vars]\nSESSION_STORE = "kv"\n[[kv_namespaces]]\nbinding = "SESSIONS"\nid = "0"\n'

interface Row {
  readonly files?: Record<string, string>
  readonly environment?: Record<string, string>
  readonly args?: readonly string[]
  readonly finding: Record<string, unknown>
}

const rows: Record<string, Row> = {
  'a misspelt key': {
    files: { 'routes/app.ts': app('', "[{ path: '/*', acces: 'signed-in' }]") },
    finding: { file: 'routes/app.ts', path: 'rules[0].acces', fix: 'did you mean "access"?' },
  },
  'an environment variable that is not set': {
    files: { 'routes/app.ts': app("upstream: { env: 'APP_URL' },") },
    finding: {
      file: 'routes/app.ts',
      path: 'upstream.env',
      value: '"APP_URL"',
      message: expect.stringContaining('not set'),
    },
  },
  'a rule that is never reached': {
    files: { 'routes/app.ts': app('', "[{ path: '/*', access: 'signed-in' }, { path: '/a', access: 'signed-in' }]") },
    finding: { file: 'routes/app.ts', path: 'rules[1].path', message: expect.stringContaining("can't be reached") },
  },
  'a public rule above a guarded one': {
    files: { 'routes/app.ts': app('', "[{ path: '/*', access: 'public' }, { path: '/a', access: 'signed-in' }]") },
    finding: { file: 'routes/app.ts', path: 'rules[1].path', message: expect.stringContaining('lets everyone in') },
  },
  'a file that is named otherwise than its origin': {
    files: {
      'routes/index.ts': index.replace('app.ts', 'billing.ts'),
      'routes/billing.ts': app(''),
      'routes/app.ts': '',
    },
    finding: {
      file: 'routes/billing.ts',
      path: 'name',
      value: '"app"',
      fix: expect.stringContaining("name: 'billing'"),
    },
  },
  'a file that no index lists': {
    files: { 'routes/old.ts': app('').replace("'app'", "'old'") },
    finding: { file: 'routes/old.ts', message: expect.stringContaining('no index lists it') },
  },
  'a file that exports nothing': {
    files: { 'routes/old.ts': 'export const a = 1' },
    finding: { file: 'routes/old.ts', message: expect.stringContaining('exports nothing by default') },
  },
  'a file that is no TypeScript': {
    files: { 'routes/app.ts': 'export default {' },
    finding: { file: 'routes/app.ts', message: expect.stringContaining("can't be loaded: ") },
  },
  'an import of what is not there': {
    files: { 'routes/index.ts': "import a from './nowhere.ts'\nexport default a" },
    finding: { file: 'routes/index.ts', message: expect.stringContaining('nowhere.ts') },
  },
  'no index': {
    args: ['--routes', 'elsewhere'],
    finding: { file: 'elsewhere/index.ts', message: 'there is no such file' },
  },
  'an index that exports no object': {
    files: { 'routes/index.ts': 'export default null', 'routes/app.ts': 'export default null' },
    finding: { file: 'routes/index.ts', path: '' },
  },
  'a setting that will not do': {
    environment: { LOG: 'loud' },
    finding: { file: 'environment', path: 'LOG', value: '"loud"', fix: expect.stringContaining('refused') },
  },
  'sessions without a store': {
    files: { 'routes/app.ts': app('session: true,') },
    finding: { file: 'environment', path: 'SESSION_STORE', message: expect.stringContaining('"app" reads sessions') },
  },
  'assertions without a key': {
    files: { 'routes/app.ts': app("identity: { headers: { 'X-User': 'subject' }, assertion: true },") },
    finding: { file: 'environment', path: 'ASSERTION_KEY' },
  },
  'a store that the runtime cannot open': {
    environment: { SESSION_STORE: 'kv' },
    finding: { file: 'environment', path: 'SESSION_STORE', message: expect.stringContaining("node can't open") },
  },
  'more than the store promises': {
    files: { 'wrangler.toml': toml, 'routes/app.ts': app('session: true, freshness: 0,') },
    finding: { file: 'routes/app.ts', path: 'rules[0].freshness', message: expect.stringContaining('60 s late') },
  },
  'a KV store without a namespace': {
    files: { 'wrangler.toml': '[vars]\nSESSION_STORE = "kv"\n' },
    finding: { path: 'kv_namespaces', message: expect.stringContaining('SESSIONS') },
  },
  'a cache in front of the Worker': {
    files: { 'wrangler.toml': 'cache = { enabled = true }\n' },
    finding: { file: 'wrangler.toml', path: 'cache.enabled', fix: 'delete it' },
  },
  'a cache in front of the Worker of one environment': {
    files: { 'wrangler.toml': '[env.production]\ncache = { enabled = true }\n' },
    finding: { file: 'wrangler.toml', path: 'env.production.cache.enabled' },
  },
  'a wrangler.toml that is none': {
    files: { 'wrangler.toml': 'cache = { enabled = ' },
    finding: { file: 'wrangler.toml', message: expect.stringMatching(/can't be read: .*, line 1$/) },
  },
  'a pattern that leaves a part of a host to the origin': {
    files: {
      'wrangler.toml': '[env.production]\nroutes = [{ pattern = "a.example/app/*", zone_name = "a.example" }]\n',
    },
    finding: {
      file: 'wrangler.toml',
      path: 'env.production.routes[0].pattern',
      value: '"a.example/app/*"',
      message: expect.stringContaining('unguarded'),
      fix: expect.stringContaining('"a.example/*"'),
    },
  },
  'a pattern that leaves http to the origin': {
    files: { 'wrangler.toml': 'routes = ["a.example/*", "https://a.example/*"]\n' },
    finding: { path: 'routes[1]', fix: expect.stringContaining('"a.example/*"') },
  },
  'the only pattern of a host that is too narrow': {
    files: { 'wrangler.toml': 'route = "a.example/app"\n' },
    finding: { path: 'route', fix: expect.stringContaining('"a.example/*"') },
  },
  'a setting that is misspelt': {
    files: { 'wrangler.toml': '[vars]\nLOG_SUBJET = "pseudonym"\n' },
    finding: { file: 'environment', path: 'LOG_SUBJET', fix: 'did you mean "LOG_SUBJECT"?' },
  },
  'a secret that is misspelt': {
    files: { 'wrangler.toml': '[secrets]\nrequired = ["SEALING_KEYS"]\n' },
    finding: { file: 'environment', path: 'SEALING_KEYS', fix: 'did you mean "SEALING_KEY"?' },
  },
  'a misspelt setting of Node': {
    environment: { PUBLIC_SCHEMA: 'https' },
    finding: { path: 'PUBLIC_SCHEMA', fix: 'did you mean "PUBLIC_SCHEME"?' },
  },
  'a secret in wrangler.toml': {
    files: { 'wrangler.toml': `[env.staging.vars]\nADMIN_SECRET = "${'a'.repeat(32)}"\n` },
    finding: { file: 'wrangler.toml', path: 'env.staging.vars.ADMIN_SECRET', value: 'a secret, not shown' },
  },
  'an upstream that no binding leads to': {
    files: { 'wrangler.toml': 'name = "a"\n', 'routes/app.ts': app("upstream: { binding: 'LEGACY' },") },
    finding: { file: 'routes/app.ts', path: 'upstream', value: 'LEGACY' },
  },
  'nor another, where the first is down': {
    files: {
      'wrangler.toml': 'name = "a"\n',
      'routes/app.ts': app("upstream: ['https://a.example', { binding: 'LEGACY' }],"),
    },
    finding: { file: 'routes/app.ts', path: 'upstream', value: 'LEGACY' },
  },
  'an upstream that leads back, on Node': {
    files: { 'routes/app.ts': app("upstream: 'same-host',") },
    finding: { file: 'routes/app.ts', path: 'upstream', message: expect.stringContaining('leads back') },
  },
}

describe('check finds', () => {
  test.each(Object.entries(rows))('%s', async (_, { files, environment = {}, args = [], finding }) => {
    const folder = makeFolder({ 'routes/index.ts': index, 'routes/app.ts': app(''), ...files })
    try {
      const ran = await sallyport(['check', '--json', ...args], { cwd: folder.path, environment })
      const { findings } = JSON.parse(ran.out)
      expect(findings).toContainEqual(expect.objectContaining(finding))
      expect(ran.code).toBe(1)
      for (const found of findings)
        expect(found).toEqual({
          file: expect.any(String),
          path: expect.any(String),
          value: expect.any(String),
          message: expect.any(String),
          fix: expect.stringMatching(/./),
        })
    } finally {
      folder.end()
    }
  })
})

test('a variable that the routes name, or that means nothing to the gateway, is not a misspelt setting', async () => {
  const folder = makeFolder({
    'routes/index.ts': index,
    'routes/app.ts': app("upstream: { env: 'GATEWAY_NAMES' },"),
  })
  const environment = { GATEWAY_NAMES: 'https://a.example', SIGNING_KEY: 'x', LOG_LEVEL: 'x', HOME: '/', LANG: 'C' }
  try {
    const { code, out } = await sallyport(['check'], { cwd: folder.path, environment })
    expect([code, out]).toEqual([0, expect.stringContaining('No findings')])
  } finally {
    folder.end()
  }
})

describe('the environment', () => {
  const routes = {
    'routes/index.ts': index,
    'routes/app.ts': app("upstream: { env: 'APP_URL' },"),
    'wrangler.toml':
      '[vars]\nAPP_URL = "https://vars.example.net"\n[env.staging.vars]\nAPP_URL = "https://staging.example.net"\n',
  }
  test.each([
    ['[vars]', {}, {}, [], 'https://vars.example.net'],
    ['.dev.vars over [vars]', { '.dev.vars': 'APP_URL="https://dev.example.net"' }, {}, [], 'https://dev.example.net'],
    [
      'the process over both',
      { '.dev.vars': 'APP_URL=https://dev.example.net' },
      { APP_URL: 'https://own.example.net' },
      [],
      'https://own.example.net',
    ],
    ['the named environment', {}, {}, ['--env', 'staging'], 'https://staging.example.net'],
    [
      'the process alone on Node',
      {},
      { APP_URL: 'https://own.example.net' },
      ['--runtime', 'node'],
      'https://own.example.net',
    ],
  ])('is read from %s', async (_, files, environment, args, upstream) => {
    const folder = makeFolder({ ...routes, ...files })
    try {
      const ran = await sallyport(['routes', '--json', ...args], { cwd: folder.path, environment })
      expect(JSON.parse(ran.out).rules[0].upstream).toBe(upstream)
    } finally {
      folder.end()
    }
  })
})

test('of .dev.vars counts what wrangler dev reads of it: with [secrets], the names listed there', async () => {
  const origin = {
    name: 'app',
    host: 'a.example',
    upstream: 'https://b.example',
    rules: [{ path: '/*', access: 'public' }],
  }
  const files = {
    'wrangler.toml': 'name = "a"\n[vars]\nLOG = "all"\n[secrets]\nrequired = ["ADMIN_SECRET"]\n',
    'routes/index.ts': `export default { origins: [${JSON.stringify(origin)}] }`,
  }
  const asked = async (devVars: string) => {
    const folder = makeFolder({ ...files, '.dev.vars': devVars })
    const { out } = await sallyport(['check'], { cwd: folder.path })
    folder.end()
    return out
  }
  expect(await asked('STORE_TIMEOUT_MS=none\n')).not.toContain('STORE_TIMEOUT_MS')
  expect(await asked('LOG=loud\n')).toContain('LOG')
  expect(await asked('ADMIN_SECRET=short\n')).toContain('ADMIN_SECRET\n')
})

test('the routes of this checkout tell where an answer may sign somebody in', async () => {
  const rules = await sallyport(['routes'])
  expect(rules.out).toMatch(/^ {2}app\[\d\] .* \/sign-in +POST +public; its answer may sign in /m)
  expect(rules.out.match(/may sign in/g)).toHaveLength(2)
  const checked = await sallyport(['check'])
  expect(checked.out).toMatch(/^No findings: 6 rules of 1 origin, 1 issuer, 1 provider, in 2 files\.\n/)
})

describe('a secret that Cloudflare alone keeps', () => {
  const routes = {
    'routes/index.ts': `import app from './app.ts'
export default { issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'a', algorithms: ['HS256'], secret: { env: 'CORP_SECRET' } } }, origins: [app] }`,
    'routes/app.ts': app("identity: { headers: { 'X-User': 'subject' }, assertion: true }, csrf: { token: true },"),
  }
  const args = ['check', '--env', 'production']
  const declaring = (names: readonly string[]) => ({
    ...routes,
    'wrangler.toml': `[env.production.secrets]\nrequired = ${JSON.stringify(names)}\n`,
  })
  const all = ['ASSERTION_KEY', 'CORP_SECRET', 'CSRF_KEY']

  test('is expected where wrangler.toml requires it, and said to be', async () => {
    const folder = makeFolder(declaring(all))
    try {
      const { code, out } = await sallyport(args, { cwd: folder.path })
      expect([code, out.match(/^\w+(?=: expected as a secret)/gm)]).toEqual([0, all])
    } finally {
      folder.end()
    }
  })

  test.each(all)('is a finding where %s is not required', async (name) => {
    const folder = makeFolder(declaring(all.filter((other) => other !== name)))
    try {
      const { code, out } = await sallyport(args, { cwd: folder.path })
      expect(code).toBe(1)
      expect(out).toContain(name)
    } finally {
      folder.end()
    }
  })

  test.each(all)('is looked into where the environment holds %s', async (name) => {
    const folder = makeFolder(declaring(all))
    try {
      const { code, out } = await sallyport(args, { cwd: folder.path, environment: { [name]: 'short' } })
      expect(code).toBe(1)
      expect(out).toContain(name)
    } finally {
      folder.end()
    }
  })

  test('is not expected by another environment, nor on Node', async () => {
    const folder = makeFolder(declaring(all))
    try {
      expect((await sallyport(['check'], { cwd: folder.path })).code).toBe(1)
      expect((await sallyport([...args, '--runtime', 'node'], { cwd: folder.path })).code).toBe(1)
    } finally {
      folder.end()
    }
  })
})

test('warns of an access token that the store can’t have refreshed, and passes', async () => {
  const index = `import app from './app.ts'
export default { providers: { corp: { issuer: 'https://id.example.com', clientId: 'gateway' } }, origins: [app] }`
  const app = `export default { name: 'app', host: 'app.example.com', upstream: 'https://legacy.example.net', session: true,
providers: ['corp'], rules: [{ path: '/a/*', access: 'signed-in' }, { path: '/*', access: 'signed-in', accessToken: true }] }`
  const folder = makeFolder({ 'routes/index.ts': index, 'routes/app.ts': app, 'wrangler.toml': toml })
  const warnings = async (store: string): Promise<unknown> => {
    const environment = {
      SEALING_KEY: 'A'.repeat(43),
      SESSION_STORE: store,
      UPSTASH_REDIS_REST_URL: 'https://redis.example.com',
      UPSTASH_REDIS_REST_TOKEN: 'token',
    }
    const { out } = await sallyport(['check', '--json'], { cwd: folder.path, environment })
    return JSON.parse(out).warnings
  }
  try {
    expect(await warnings('kv')).toMatchObject([
      { file: 'routes/app.ts', path: 'rules[1].accessToken', message: expect.stringContaining('signs in again') },
    ])
    expect(await warnings('upstash')).toEqual([])
  } finally {
    folder.end()
  }
})

describe('the process', () => {
  test("passes the checkout's own routes, and says what was checked", async () => {
    const ran = await sallyportProcess(['check'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(ran.out).toMatch(
      /^No findings: .*\n\nWhat has ended [\s\S]*: 65 s\n[\s\S]*Checked: .*wrangler\.toml \[vars\]/,
    )
  })

  test('ends with 1 and the finding, for people', async () => {
    const folder = makeFolder({ 'routes/index.ts': index, 'routes/app.ts': app('hots: 1,') })
    try {
      const ran = await sallyportProcess(['check', '--routes', `${folder.path}/routes`], { cwd: folder.path })
      expect(ran.code).toBe(1)
      expect(ran.out).toContain('routes/app.ts: hots\n  unknown key "hots"\n  value: 1\n  fix:   did you mean "host"?')
    } finally {
      folder.end()
    }
  })

  test('runs from the checkout by the name in package.json', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
    const { statSync } = await import('node:fs')
    expect(statSync(`${checkout}/${manifest.bin.sallyport}`).mode & 0o111).toBe(0o111)
  })
})
