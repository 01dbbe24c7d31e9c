import process from 'node:process'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endDemos, startDemo } from '../support/demo.ts'
import { findProgram } from '../support/programs.ts'

const executablePath = findProgram('chromium')
let browser: Browser
beforeAll(async () => {
  if (executablePath) browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
})
afterAll(() => browser?.close())
afterEach(endDemos)

describe.skipIf(executablePath === null)('the demo in a browser', { timeout: 90_000 }, () => {
  it('sends who is nobody to sign in, shows the page to ada, and a page that says no at /admin', async () => {
    const demo = await startDemo()
    const [home = ''] = /http:\/\/localhost:\d+\//.exec(demo.output()) ?? []
    const page = await browser.newPage()
    await page.goto(home)
    expect(new URL(page.url()).pathname).toBe('/sign-in')
    await page.click('main a, p a')
    await page.click('text=ada')
    await page.waitForURL(home)
    expect(await page.textContent('body')).toContain('Good day, ada')
    const admin = await page.goto(`${home}admin`)
    expect(admin?.status()).toBe(403)
    expect(admin?.headers()['content-type']).toMatch(/^text\/html/)
    const folder = process.env['SCREENSHOTS']
    if (folder) await page.screenshot({ path: `${folder}/demo-admin.png` })
    await page.goto(home)
    if (folder) await page.screenshot({ path: `${folder}/demo-home.png` })
  })
})
