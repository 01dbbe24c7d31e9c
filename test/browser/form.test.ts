import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lacksPrograms, type SignInWorld, signIn, startSignInWorld } from './world/sign-in-world.ts'

let world: SignInWorld
let context: BrowserContext
let page: Page
beforeAll(async () => {
  if (!lacksPrograms) world = await startSignInWorld()
})
afterAll(() => world?.stop())
beforeEach(async () => {
  if (lacksPrograms) return
  context = await world.browse()
  page = await context.newPage()
  await page.goto(`${world.app}/edit`)
  await signIn(page, world, 'alice')
  world.reached.length = 0
})
afterEach(() => context?.close())

const text = 'two hours of work: ä€ & "quotes"\n+ a second line = 100%'
const posts = () => world.reached.filter(({ method }) => method === 'POST')

/** Sends the form, and waits for the page that says that it wasn't. */
async function send(button: string): Promise<void> {
  await page.click(`text=${button}`)
  await page.waitForSelector('ol')
  await page.waitForLoadState()
}

/** What a person does who is told to. */
async function signInElsewhere(login = 'alice'): Promise<void> {
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click('a')])
  await tab.waitForLoadState()
  await signIn(tab, world, login)
  await tab.close()
}

describe.skipIf(lacksPrograms)('a form that was being filled when the session ended', () => {
  it('is sent again, byte for byte and once, after signing in in another tab', async () => {
    await page.fill('textarea', text)
    await world.end('alice')
    await send('save')
    expect(await page.textContent('body')).toContain('has not been sent')
    expect(posts()).toEqual([])
    await signInElsewhere()
    await page.reload()
    expect(posts()).toHaveLength(1)
    expect(posts()[0]).toMatchObject({ path: '/save', user: 'alice', type: 'application/x-www-form-urlencoded' })
    expect(new URLSearchParams(String(posts()[0]?.body)).get('text')).toBe(text.replaceAll('\n', '\r\n'))
    expect(await page.title()).toBe('POST /save?of=/edit')
  })

  it('is sent again where the cookie is gone too', async () => {
    await page.fill('textarea', text)
    await context.clearCookies({ name: '__Host-sallyport' })
    await send('save')
    await signInElsewhere()
    await page.reload()
    expect(posts()).toHaveLength(1)
  })

  it('is sent again with its file', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256))
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-file-'))
    await writeFile(join(folder, 'a.bin'), bytes)
    await page.setInputFiles('input[type=file]', join(folder, 'a.bin'))
    await world.end('alice')
    await send('upload')
    await signInElsewhere()
    await page.reload()
    expect(posts()).toHaveLength(1)
    expect(posts()[0]?.body.includes(bytes)).toBe(true)
    await rm(folder, { recursive: true })
  })

  it('is still there for who sends it too soon', async () => {
    await page.fill('textarea', text)
    await world.end('alice')
    await send('save')
    for (let times = 0; times < 2; times++) {
      await page.reload()
      expect(await page.textContent('ol')).toContain('sign in')
    }
    await signInElsewhere()
    await page.reload()
    expect(posts()).toHaveLength(1)
  })

  it('of another site is offered to nobody, and isn’t sent again by a reload', async () => {
    await world.end('alice')
    for (const path of ['/save', '/hook']) {
      await page.goto(world.evil)
      await page.evaluate(
        `document.body.innerHTML = '<form method=post action="${world.app}${path}"><input name=a value=1><button>go</button></form>'`,
      )
      await Promise.all([page.waitForEvent('load'), page.click('button')])
      expect(await page.textContent('h1')).toMatch(/Sign in first|Session ended/)
      expect(await page.locator('a').count()).toBe(0)
      const tab = await context.newPage()
      await tab.goto(`${world.app}/`)
      await signIn(tab, world, 'alice')
      await tab.close()
      await page.reload()
      expect(posts()).toEqual([])
      await world.end('alice')
    }
  })
})
