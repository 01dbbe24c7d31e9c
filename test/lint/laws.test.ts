import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, matchesGlob } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const biome = join(root, 'node_modules/.bin/biome')
const restricted = 'lint/style/noRestrictedImports'

/** What a planted file imports is there, so that nothing but the law can be what is reported. */
const imports = (from: string) => `import { it } from '${from}'\n\nexport const used = it\n`
const importsType = (from: string) => `import type { It } from '${from}'\n\nexport type Used = It\n`

/** [the law, the file that breaks it, its text, the rule that must bite] */
const violations: [law: string, file: string, text: string, rule: string][] = [
  ['routes import nothing of the house but the schema', 'routes/x.ts', imports('../src/settings.ts'), restricted],
  ['routes import no package', 'routes/x.ts', imports('jose'), restricted],
  ['routes import nothing of the platform', 'routes/x.ts', imports('node:fs'), restricted],
  ['routes of an example obey too', 'examples/x/routes/x.ts', imports('../../../src/settings.ts'), restricted],
  ['routes reach no sibling by a detour', 'routes/x.ts', imports('./../src/settings.ts'), restricted],
  ['gateway never imports runtime', 'src/gateway.ts', imports('./runtime/log.ts'), restricted],
  ['gateway never imports cli', 'src/gateway.ts', imports('./cli/main.ts'), restricted],
  ['gateway imports nothing of Node', 'src/gateway.ts', imports('node:crypto'), restricted],
  ['sign-in never imports runtime', 'src/sign-in/x.ts', imports('../runtime/log.ts'), restricted],
  ['sign-in imports nothing of Cloudflare', 'src/sign-in/x.ts', imports('cloudflare:workers'), restricted],
  ['gateway never imports sign-in', 'src/gateway.ts', imports('./sign-in/sign-in.ts'), restricted],
  ['endpoints never import sign-in', 'src/endpoints/x.ts', imports('../sign-in/tokens.ts'), restricted],
  ['a core file never imports sign-in', 'src/new.ts', imports('./sign-in/tokens.ts'), restricted],
  ['decide never imports sign-in', 'src/decide.ts', imports('./sign-in/tokens.ts'), restricted],
  ['a runtime never imports sign-in by itself', 'src/runtime/x.ts', imports('../sign-in/sign-in.ts'), restricted],
  ['cli never imports sign-in', 'src/cli/x.ts', imports('../sign-in/sign-in.ts'), restricted],
  ['the doctor imports no runtime', 'src/cli/doctor/x.ts', imports('../../runtime/runtime.ts'), restricted],
  ['the doctor never vouches', 'src/cli/doctor/x.ts', imports('../../authenticate/vouch.ts'), restricted],
  ['what plugs sign-in in imports no cli', 'src/runtime/runtime.ts', imports('../cli/main.ts'), restricted],
  ['admin never imports cli', 'src/admin/x.ts', imports('../cli/main.ts'), restricted],
  ['admin imports no server of Node', 'src/admin/x.ts', imports('@hono/node-server'), restricted],
  ['runtime never imports cli', 'src/runtime/x.ts', imports('../cli/main.ts'), restricted],
  ['cli never imports runtime', 'src/cli/x.ts', imports('../runtime/log.ts'), restricted],
  ['respond never imports gateway', 'src/respond.ts', imports('./gateway.ts'), restricted],
  ['respond never imports authenticate', 'src/respond.ts', imports('./authenticate/vouch.ts'), restricted],
  ['outcome never imports gateway', 'src/outcome.ts', imports('./gateway.ts'), restricted],
  ['endpoints never import runtime', 'src/endpoints/x.ts', imports('../runtime/log.ts'), restricted],
  ['respond imports no Hono', 'src/respond.ts', imports('hono'), restricted],
  ['decide never imports forward', 'src/decide.ts', imports('./forward/forward.ts'), restricted],
  ['decide never imports session', 'src/decide.ts', imports('./session/session.ts'), restricted],
  ['decide never imports respond', 'src/decide.ts', imports('./respond.ts'), restricted],
  ['decide imports no Hono', 'src/decide.ts', imports('hono'), restricted],
  ['settings never imports gateway', 'src/settings.ts', imports('./gateway.ts'), restricted],
  ['settings reads no environment of Node', 'src/settings.ts', imports('node:process'), restricted],
  ['authenticate never imports authorize', 'src/authenticate/x.ts', imports('../authorize/authorize.ts'), restricted],
  ['authenticate never imports a store', 'src/authenticate/x.ts', imports('../session/stores/kv.ts'), restricted],
  ['authenticate imports nothing of Node', 'src/authenticate/x.ts', imports('node:crypto'), restricted],
  ['authorize never imports authenticate', 'src/authorize/x.ts', imports('../authenticate/vouch.ts'), restricted],
  ['authorize imports no package', 'src/authorize/x.ts', imports('jose'), restricted],
  ['shield never imports forward', 'src/shield/x.ts', imports('../forward/forward.ts'), restricted],
  ['shield imports no Hono', 'src/shield/x.ts', imports('hono/cors'), restricted],
  ['forward never imports authenticate', 'src/forward/x.ts', imports('../authenticate/vouch.ts'), restricted],
  ['forward imports no Hono', 'src/forward/x.ts', imports('hono/proxy'), restricted],
  ['forward imports nothing of Cloudflare', 'src/forward/x.ts', imports('cloudflare:sockets'), restricted],
  ['forward imports no undici', 'src/forward/x.ts', imports('undici'), restricted],
  ['route never imports authorize', 'src/route/x.ts', imports('../authorize/authorize.ts'), restricted],
  ['route imports nothing of Node', 'src/route/x.ts', imports('node:path'), restricted],
  ['session never imports authenticate', 'src/session/x.ts', imports('../authenticate/vouch.ts'), restricted],
  ['session imports nothing of Node', 'src/session/x.ts', imports('node:crypto'), restricted],
  ['a store never imports another', 'src/session/stores/x.ts', imports('./memory.ts'), restricted],
  [
    'a store imports no client of a vendor',
    'src/session/stores/upstash.ts',
    imports('@upstash/redis/cloudflare'),
    restricted,
  ],
  ['upstash imports no other store', 'src/session/stores/upstash.ts', imports('./kv.ts'), restricted],
  ['the Durable Object imports no other store', 'src/session/stores/durable-object.ts', imports('./kv.ts'), restricted],
  ['nothing on the path of a request supposes', 'src/authenticate/x.ts', imports('./suppose.ts'), restricted],
  ['decide never supposes', 'src/decide.ts', imports('./authenticate/suppose.ts'), restricted],
  ['gateway never supposes', 'src/gateway.ts', imports('./authenticate/suppose.ts'), restricted],
  ['runtime never supposes', 'src/runtime/x.ts', imports('../authenticate/suppose.ts'), restricted],
  ['admin never supposes', 'src/admin/x.ts', imports('../authenticate/suppose.ts'), restricted],
  ['nobody vouches but who verifies', 'src/authenticate/x.ts', imports('./vouch.ts'), restricted],
  ['sign-in never vouches', 'src/sign-in/x.ts', imports('../authenticate/vouch.ts'), restricted],
  ['cli never vouches', 'src/cli/x.ts', imports('../authenticate/vouch.ts'), restricted],
  ['a new core file imports no Hono', 'src/new.ts', imports('hono'), restricted],
  ['a new core file imports nothing of Node', 'src/new.ts', imports('node:fs'), restricted],
  ['a new core file never imports runtime', 'src/new.ts', imports('./runtime/log.ts'), restricted],
  ['redact never imports forward', 'src/redact.ts', imports('./forward/forward.ts'), restricted],
  ['unmet never imports runtime', 'src/unmet.ts', imports('./runtime/runtime.ts'), restricted],
  ['principal imports no schema', 'src/principal.ts', importsType('./route/schema.ts'), restricted],
  ['decision imports no authenticator', 'src/decision.ts', importsType('./authenticate/vouch.ts'), restricted],
  ['result imports no principal', 'src/result.ts', importsType('./principal.ts'), restricted],
  ['principal imports types only', 'src/principal.ts', imports('./result.ts'), 'plugin'],
  ['decision imports types only', 'src/decision.ts', imports('./route/table.ts'), 'plugin'],
  ['result imports types only', 'src/result.ts', imports('./result.ts'), 'plugin'],
  ['a bare import is an import', 'src/decide.ts', "import './gateway.ts'\n", restricted],
  ['an export from elsewhere is an import', 'src/decide.ts', "export { it } from './gateway.ts'\n", restricted],
  ['an import() is an import', 'src/decide.ts', "export const late = import('./gateway.ts')\n", restricted],
  ['zod by name is refused', 'src/cli/x.ts', "import { z } from 'zod'\n\nexport const used = z\n", 'plugin'],
  ['zod by default is refused', 'src/cli/x.ts', "import z from 'zod'\n\nexport const used = z\n", 'plugin'],
  [
    'zod/mini by name is refused',
    'src/route/x.ts',
    "import { z } from 'zod/mini'\n\nexport const used = z\n",
    'plugin',
  ],
  [
    'a part of zod by name is refused',
    'test/x.ts',
    "import { string as text } from 'zod/mini'\n\nexport const used = text\n",
    'plugin',
  ],
  ['no any', 'src/x.ts', 'export const x = (y: any): unknown => y\n', 'lint/suspicious/noExplicitAny'],
  [
    'no any in a test either',
    'test/x.ts',
    'export const x = (y: any): unknown => y\n',
    'lint/suspicious/noExplicitAny',
  ],
  ['no !', 'src/x.ts', 'export const x = (y: string[]) => y[0]!.length\n', 'lint/style/noNonNullAssertion'],
  ['no cast by way of unknown', 'src/x.ts', 'export const x = (y: string) => y as unknown as number\n', 'plugin'],
  ['no console in the core', 'src/x.ts', "console.log('x')\n", 'lint/suspicious/noConsole'],
]

/** What the laws must let be: [file, its text] */
const allowed: [file: string, text: string][] = [
  ['routes/x.ts', imports('../src/route/schema.ts')],
  ['routes/x.ts', imports('./app.ts')],
  ['examples/x/routes/x.ts', imports('../../../src/route/schema.ts')],
  ['src/authenticate/x.ts', imports('../session/cookie.ts')],
  ['src/decision.ts', importsType('./route/table.ts')],
  ['src/session/stores/upstash.ts', imports('../store.ts')],
  ['src/sign-in/x.ts', imports('hono')],
  ['src/cli/x.ts', imports('node:fs')],
  ['src/cli/doctor/x.ts', imports('../../sign-in/ask.ts')],
  ['src/cli/x.ts', imports('../authenticate/suppose.ts')],
  ['src/authenticate/session.ts', imports('./vouch.ts')],
  ['src/route/x.ts', "import * as z from 'zod/mini'\n\nexport const used = z\n"],
]

interface Report {
  readonly diagnostics: readonly {
    readonly category: string
    readonly severity: string
    readonly location: { readonly path: string }
  }[]
}

let house: string

beforeAll(() => {
  house = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-laws-')))
})
afterAll(() => rmSync(house, { recursive: true }))

/** Lints a copy of the house with these files planted in it; gives what was found as `file rule`. */
function lintWith(files: readonly (readonly [file: string, text: string])[]): Set<string> {
  const copy = mkdtempSync(join(house, 'copy-'))
  for (const name of ['biome.json', 'test/lint/rules', 'src', 'routes'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  for (const [file, text] of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    writeFileSync(join(copy, file), text)
  }
  const { stdout } = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', '.'], {
    cwd: copy,
    encoding: 'utf8',
  })
  const report: Report = JSON.parse(stdout)
  return new Set(
    report.diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ category, location }) => `${location.path} ${category}`),
  )
}

/** As few copies as will do: in each, every file is planted once. */
function batches(): (typeof violations)[] {
  const made: (typeof violations)[] = []
  for (const violation of violations) {
    const free = made.find((batch) => batch.every(([, file]) => file !== violation[1]))
    if (free) free.push(violation)
    else made.push([violation])
  }
  return made
}

describe('the laws of the house', () => {
  const found = new Map<string, boolean>()

  beforeAll(() => {
    for (const batch of batches()) {
      const seen = lintWith(batch.map(([, file, text]) => [file, text]))
      for (const [law, file, , rule] of batch) found.set(law, seen.has(`${file} ${rule}`))
    }
  }, 300_000)

  it('finds nothing in the house as it stands', () => {
    expect([...lintWith([])]).toEqual([])
  })

  it.each(violations)('%s', (law) => {
    expect(found.get(law)).toBe(true)
  })

  it('reports each law once, under a name of its own', () => {
    expect(found.size).toBe(violations.length)
  })

  it.each(allowed)('lets be what may be: %s', (file, text) => {
    expect([...lintWith([[file, text]])].filter((line) => line.startsWith(file))).toEqual([])
  })

  it('refuses a cycle, by whatever way round', () => {
    const seen = lintWith([
      ['src/route/one.ts', imports('./two.ts')],
      ['src/route/two.ts', imports('./three.ts')],
      ['src/route/three.ts', imports('./one.ts')],
    ])
    for (const name of ['one', 'two', 'three']) {
      expect([...seen]).toContain(`src/route/${name}.ts lint/suspicious/noImportCycles`)
    }
  })

  it('has one law for each file of src', () => {
    const { overrides }: Configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'))
    const laws = overrides.filter(({ linter }) => linter.rules['style']?.['noRestrictedImports'])
    const holds = (file: string, includes: readonly string[]): boolean =>
      includes.some((glob) => !glob.startsWith('!') && matchesGlob(file, glob)) &&
      !includes.some((glob) => glob.startsWith('!') && matchesGlob(file, glob.slice(1)))
    const files = globSync('src/**/*.ts', { cwd: root })
    expect(files.length).toBeGreaterThan(40)
    expect(files.filter((file) => laws.filter(({ includes }) => holds(file, includes)).length !== 1)).toEqual([])
  })
})

interface Configuration {
  readonly overrides: readonly {
    readonly includes: readonly string[]
    readonly linter: { readonly rules: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
  }[]
}
