import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesNamedIn, headingsOf, linksIn, placesIn, scriptsNamedIn, snippetsOf } from '../support/markdown.ts'

const root = join(import.meta.dirname, '../..')
const pages = globSync('**/*.md', {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|\.wrangler)(?:\/|$)/.test(path),
}).sort()
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const manifest: { scripts: Record<string, string> } = JSON.parse(read('package.json'))

describe('the documentation', () => {
  it.each(pages)('%s names files that are there', (page) => {
    expect(filesNamedIn(read(page)).filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it.each(pages)('%s links to what is there', (page) => {
    expect(linksIn(read(page)).filter((file) => !existsSync(join(root, dirname(page), file)))).toEqual([])
  })

  it.each(pages)('%s links to headings that are there', (page) => {
    const lost = placesIn(read(page)).filter(
      ({ file, place }) => !headingsOf(read(file === '' ? page : join(dirname(page), file))).includes(place),
    )
    expect(lost).toEqual([])
  })

  it.each(pages)('%s names npm scripts that are there', (page) => {
    expect(scriptsNamedIn(read(page)).filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it('has no snippet that does not compile', () => {
    const found = pages.flatMap((page) => snippetsOf(read(page)).map((snippet) => ({ page, ...snippet })))
    expect(compile(found)).toBe('')
  })

  it('finds a snippet that does not compile', () => {
    const text = "import { defineOrigin } from '../src/route/schema.ts'\n\ndefineOrigin({ name: 4 })\n"
    expect(compile([{ page: 'x.md', line: 1, file: null, text }])).toContain('TS2322')
  })

  it('lets a snippet import what stands in the repository and what it names beside it', () => {
    const page = 'x.md'
    const origin = `// routes/planted.ts
import { defineOrigin } from '../src/route/schema.ts'

export default defineOrigin({
  name: 'planted',
  host: 'planted.example.com',
  upstream: 'same-host',
  rules: [{ path: '/*', access: 'signed-in' }],
})
`
    const index = "import planted from './planted.ts'\n\nexport default [planted.name]\n"
    const found = [
      { page, line: 1, file: 'routes/planted.ts', text: origin },
      { page, line: 9, file: null, text: index },
    ]
    expect(compile(found)).toBe('')
  })

  it('finds the files, links and scripts of a page', () => {
    const page = 'Run `npm run size`, see `src/nowhere.ts` and [this](nowhere.md).\n'
    expect(filesNamedIn(page)).toEqual(['src/nowhere.ts'])
    expect(linksIn(page)).toEqual(['nowhere.md'])
    expect(scriptsNamedIn(page)).toEqual(['size'])
    const [linked] = placesIn('See [this](nowhere.md#the-end-of-it).\n')
    expect(linked).toEqual({ file: 'nowhere.md', place: 'the-end-of-it' })
    expect(headingsOf('# The end of it\n\n## `And` again\n')).toEqual(['the-end-of-it', 'and-again'])
  })
})

describe('a setting', () => {
  const names = ['src/settings.ts', 'src/session/settings.ts'].flatMap((file) =>
    [...read(file).matchAll(/^ {2}([A-Z_]+): [a-z]/gm)].map(([, name = '']) => name),
  )
  const told = pages
    .filter((page) => page.startsWith('docs/'))
    .map(read)
    .join('\n')

  it.each(names)('%s stands in docs/', (name) => {
    expect(told).toContain(`\`${name}\``)
  })

  it('is found at all', () => {
    expect(names).toEqual(expect.arrayContaining(['SESSION_STORE', 'CSRF_KEY', 'CHECK_SECRET', 'VOUCH_SECRET']))
  })
})

describe('package-lock.json', () => {
  const lock: Record<string, Record<string, unknown>> = JSON.parse(read('package-lock.json')).packages

  it('names every platform, or npm ci refuses it on a new machine', () => {
    const wanted = Object.values(lock).flatMap((entry) => Object.keys(entry['optionalDependencies'] ?? {}))
    const there = new Set(Object.keys(lock).map((path) => path.replace(/^.*node_modules\//, '')))
    expect(wanted.filter((name) => !there.has(name))).toEqual([])
  })

  it('holds no download address', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"|https?:\/\/registry/)
  })
})

interface Found {
  readonly page: string
  readonly line: number
  readonly file: string | null
  readonly text: string
}

/** Type-checks snippets as if each stood in the file it names, or in routes/; gives what the compiler says. */
function compile(snippets: readonly Found[]): string {
  mkdirSync(join(root, 'dist'), { recursive: true })
  const place = mkdtempSync(join(root, 'dist/snippets-'))
  try {
    const projects = [...new Set(snippets.map(({ page }) => page))].map((page, at) => {
      const folder = join(place, String(at))
      for (const { line, file, text } of snippets.filter((snippet) => snippet.page === page)) {
        // its line in the page is in its name, for whoever reads what the compiler says
        const name = join(folder, file ?? `routes/${basename(page, '.md')}-line-${line}.ts`)
        mkdirSync(dirname(name), { recursive: true })
        // without an import or an export it would share its names with every other
        writeFileSync(name, /^(?:import|export) /m.test(text) ? text : `${text}\nexport {}\n`)
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(projectFor()))
      return folder
    })
    return projects
      .map(
        (folder) =>
          spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', cwd: root }).stdout,
      )
      .join('')
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** What a snippet imports by a relative path is looked for in the repository, too. */
function projectFor(): unknown {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDirs: ['.', root], noUnusedLocals: false },
    include: ['**/*.ts', join(root, 'test/support/cloudflare.d.ts')],
    exclude: [],
  }
}
