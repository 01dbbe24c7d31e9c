import { afterAll, expect, it } from 'vitest'
import { makeFolder, sallyport } from './support.ts'

const report = (directive: string, blocked: string) =>
  JSON.stringify({ kind: 'csp-report', directive, blocked, page: 'https://app.example.com/a', isEnforced: false })
const folder = makeFolder({
  'gateway.log': [
    '{"requestId":"1","status":200}',
    report('img-src', 'https://cdn.example.net/logo.png'),
    `2026-11-01 sallyport: ${report('script-src-elem', 'inline')}`,
    JSON.stringify({ outcome: 'ok', logs: [{ message: [report('font-src', 'data')], level: 'log' }] }),
    '{"kind":"csp-report","directive":1}',
    'csp-report {',
  ].join('\n'),
})
afterAll(() => folder.end())

it('prints what the reports would have been let be by', async () => {
  const ran = await sallyport(['csp', 'suggest', 'gateway.log', '--json'], { cwd: folder.path })
  expect(JSON.parse(ran.out)).toEqual({
    reports: 3,
    directives: {
      'default-src': ["'self'"],
      'font-src': ["'self'", 'data:'],
      'img-src': ["'self'", 'https://cdn.example.net'],
    },
    concerns: ['https://app.example.com/a: script-src-elem: inline; write nonce: true, or move it into a file'],
  })
  const told = await sallyport(['csp', 'suggest', `${folder.path}/gateway.log`])
  expect(told.out).toContain('"img-src": [')
  expect(told.out).toContain('reportOnly: true')
})

it('says what it lacks', async () => {
  expect(await sallyport(['csp', 'suggest'])).toMatchObject({ code: 2 })
  expect((await sallyport(['csp', 'suggest', '/nowhere.log'])).err).toContain("can't be read")
})
