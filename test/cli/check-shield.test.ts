import { afterAll, expect, it } from 'vitest'
import { makeFolder, sallyport } from './support.ts'

const index = `import app from './app.ts'
export default { issuers: { corp: { issuer: 'https://issuer.example.com', audience: 'a', algorithms: ['RS256'] } }, origins: [app] }`
const app = (more: string): string =>
  `export default { name: 'app', host: 'app.example.com', upstream: 'https://legacy.example.net', bearer: ['corp'], ${more} rules: [{ path: '/new/*', access: 'signed-in', mode: 'report' }, { path: '/*', access: 'signed-in' }] }`
const folders = ['', "headers: { csp: { directives: { 'script-src': [\"'self'\"] }, nonce: true } },"].map((more) =>
  makeFolder({ 'routes/index.ts': index, 'routes/app.ts': app(more) }),
)
const [reporting, noting] = folders
afterAll(() => {
  for (const folder of folders) folder.end()
})

it('warns of a rule that only reports, and passes', async () => {
  const told = await sallyport(['check', '--runtime', 'node'], { cwd: reporting?.path ?? '' })
  expect(told.code).toBe(0)
  expect(told.out).toContain('Warnings:\nroutes/app.ts: rules[0].mode (report): the rule "/new/*" only reports')
  const json = await sallyport(['check', '--runtime', 'node', '--json'], { cwd: reporting?.path ?? '' })
  expect(JSON.parse(json.out).warnings).toHaveLength(1)
})

it('refuses a nonce where nothing can write it into a page, and says why', async () => {
  const checked = (runtime: string) => sallyport(['check', '--json', '--runtime', runtime], { cwd: noting?.path ?? '' })
  for (const runtime of ['node', 'deno']) {
    const { code, out } = await checked(runtime)
    expect(code).toBe(1)
    expect(JSON.parse(out).findings).toMatchObject([
      { file: 'routes/app.ts', path: 'rules[0].headers.csp.nonce', message: expect.stringContaining('HTMLRewriter') },
    ])
  }
  expect((await checked('workerd')).out).not.toContain('HTMLRewriter')
})
