import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { endDemos, startDemo } from '../support/demo.ts'
import { findProgram } from '../support/programs.ts'

const executablePath = findProgram('chromium')
/** `SCREENSHOTS=docs/sign-in npx vitest run --project sockets test/browser/demo.test.ts` makes the README's anew. */
const screenshots = process.env['SCREENSHOTS']
let browser: Browser
let page: Page
let home: string
let log: () => string

beforeAll(async () => {
  if (!executablePath) return
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  const demo = await startDemo()
  log = demo.output
  home = /http:\/\/localhost:\d+\//.exec(demo.output())?.[0] ?? ''
})
afterAll(async () => {
  await browser?.close()
  endDemos()
})
beforeEach(async () => {
  page = await browser?.newPage({ viewport: { width: 560, height: 430 } })
})

const heading = () => page.textContent('h1')

async function fill(name: string, password: string): Promise<void> {
  await page.fill('input[name=name]', name)
  await page.fill('input[name=password]', password)
  await page.click('button:text-is("Sign in")')
}

async function show(name: string): Promise<void> {
  if (!screenshots) return
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: `${screenshots}/${name}.png` })
}

async function signOut(): Promise<void> {
  await page.click('button:text-is("Sign out")')
  await page.waitForURL(/\/sign-in\?return_to=%2F$/)
  const again = await page.goto(`${home}guestbook`)
  expect(new URL(again?.url() ?? '').pathname).toBe('/sign-in')
}

describe.skipIf(executablePath === null)('the demo in a browser', () => {
  it('sends who is nobody to sign in, and takes no wrong password', async () => {
    await page.goto(`${home}admin`)
    expect(page.url()).toBe(`${home}sign-in?return_to=%2Fadmin`)
    await fill('grace', 'ada-1815')
    expect(await page.textContent('body')).toContain('do not belong together')
    expect((await page.goto(home))?.url()).toContain('/sign-in')
  })

  it('signs in with the form of the old app, back at the page that was wanted, and out again', async () => {
    await page.goto(`${home}guestbook`)
    await fill('ada', 'ada-1815')
    expect(page.url()).toBe(`${home}guestbook`)
    expect(await page.textContent('header')).toContain('ada (staff)')
    await page.fill('input[name=note]', 'Written by the form of an old app.')
    await page.click('text="Write"')
    expect(await page.textContent('li')).toContain('ada: Written by')

    const admin = await page.goto(`${home}admin`)
    expect(admin?.status()).toBe(403)
    expect(admin?.headers()['content-type']).toMatch(/^text\/html/)
    await page.goto(home)
    await signOut()
  })

  it('knows the administrator of the old app by her roles', async () => {
    await page.goto(`${home}admin`)
    await fill('grace', 'grace-1906')
    expect([page.url(), await heading()]).toEqual([`${home}admin`, 'Administration'])
    await signOut()
  })

  it('signs in with the identity provider, back at the page that was wanted, and out again', async () => {
    await page.goto(`${home}admin`)
    await show('1')
    await page.click('text="Sign in with the identity provider"')
    expect(await heading()).toBe('Identity provider')
    expect(new URL(page.url()).hostname).toBe('127.0.0.1')
    await page.fill('input[name=name]', 'grace')
    await show('2')
    await fill('grace', 'ada-1815')
    expect(await page.textContent('body')).toContain('do not belong together')
    await fill('grace', 'grace-1906')
    expect([page.url(), await heading()]).toEqual([`${home}admin`, 'Administration'])
    expect(await page.textContent('header')).toContain('grace (staff,admin)')
    await show('3')
    await page.click('button:text-is("Sign out")')
    // signed out here, then asked there
    await page.click('button[name=logout]')
    await page.waitForURL(/\/\.sallyport\/signed-out\?state=/)
    expect(await heading()).toBe('Signed out')
    await page.goto(`${home}admin`)
    await page.click('text="Sign in with the identity provider"')
    expect(await page.isVisible('input[name=password]')).toBe(true)
  })

  it('tells nobody’s password, cookie or secret in its log', async () => {
    // what is done last is told last
    await page.goto(`${home}assets/last`)
    await expect.poll(log).toContain('"path":"/assets/last"')
    const lines = log().slice(log().indexOf('Each line below'))
    expect(lines).toContain('"outcome":"signed-in"')
    expect(lines).toContain('session-made')
    expect(lines).not.toMatch(/-1815|-1906|v1\.|Bearer/)
  })
})
