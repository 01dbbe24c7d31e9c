import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSealer } from '../../src/session/seal.ts'
import { handOut, makeTransaction } from '../../src/sign-in/transaction.ts'
import { linesOf } from '../support/log-lines.ts'
import { sealingKey } from '../support/sign-in-gateway.ts'
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
})
afterEach(() => context?.close())

const sessionIn = async (): Promise<string | undefined> =>
  (await context.cookies(world.app)).find(({ name }) => name === '__Host-sallyport')?.value
const lines = () => linesOf(world.gateway).filter(({ kind }) => kind === 'sign-in')

describe.skipIf(lacksPrograms)('signing in at a real provider, in Chromium on workerd', () => {
  it('brings a person to the page that they wanted, with its query and its fragment', async () => {
    await page.goto(`${world.app}/orders?page=2&q=%C3%A4`)
    await signIn(page, world, 'alice')
    expect(page.url()).toBe(`${world.app}/orders?page=2&q=%C3%A4`)
    expect(await page.textContent('h1')).toBe('alice')
    const [cookie] = (await context.cookies(world.app)).filter(({ name }) => name === '__Host-sallyport')
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: 'localhost' })
    await page.goto(`${world.app}/.sallyport/sign-in?return_to=%2Fhelp%23chapter-2`)
    await signIn(page, world, 'alice')
    expect(page.url()).toBe(`${world.app}/help#chapter-2`)
  })

  it('signs five tabs in that began at once, each to its own page', async () => {
    const tabs = await Promise.all([0, 1, 2, 3, 4].map(() => context.newPage()))
    await Promise.all(tabs.map((tab, at) => tab.goto(`${world.app}/tab/${at}`)))
    expect(tabs.every((tab) => tab.url().startsWith(world.provider.issuer))).toBe(true)
    for (const tab of tabs) await signIn(tab, world, 'bob')
    expect(tabs.map((tab) => new URL(tab.url()).pathname)).toEqual([0, 1, 2, 3, 4].map((at) => `/tab/${at}`))
    expect(await Promise.all(tabs.map((tab) => tab.textContent('h1')))).toEqual(Array(5).fill('bob'))
    await page.goto(`${world.app}/after`)
    expect(await page.textContent('h1')).toBe('bob')
  })

  it('survives the back button: what was answered once is answered no more, and nobody is signed out', async () => {
    await page.goto(`${world.app}/orders`)
    const answers: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/.sallyport/callback')) answers.push(request.url())
    })
    await signIn(page, world, 'alice')
    const session = await sessionIn()
    await page.goto(`${world.app}/next`)
    await page.goBack()
    expect(await page.textContent('h1')).toBe('alice')
    await page.goBack().catch(() => null)
    expect(answers).toHaveLength(1)
    const again = await page.goto(answers[0] ?? '')
    expect(again?.status()).toBe(400)
    expect(await page.textContent('body')).toContain('no-transaction')
    expect(await sessionIn()).toBe(session)
    await page.goto(`${world.app}/orders`)
    expect(await page.textContent('h1')).toBe('alice')
  })

  it('tells whoever took longer than ten minutes, and lets them begin anew from there', async () => {
    const sealer = createSealer([new Uint8Array(Buffer.from(sealingKey, 'base64url'))])
    const asked = { provider: 'corp', returnTo: '/orders', maxAgeSeconds: null, acr: null }
    const transaction = makeTransaction(asked, Date.now() / 1000 - 601)
    const [sealed = ''] = await handOut(sealer, transaction, world.app, '')
    await page.route(`${world.app}/planted`, (route) => route.fulfill({ headers: { 'set-cookie': sealed }, body: '' }))
    await page.goto(`${world.app}/planted`)
    const query = new URLSearchParams({ code: 'x', state: transaction.state, iss: world.provider.issuer })
    const late = await page.goto(`${world.app}/.sallyport/callback/corp?${query}`)
    expect(late?.status()).toBe(400)
    expect(await page.textContent('body')).toContain('transaction-expired')
    expect(await sessionIn()).toBeUndefined()
    await page.click('a')
    await signIn(page, world, 'alice')
    expect(await page.textContent('h1')).toBe('alice')
  })

  it('says so when consent was denied, with a code and an id that the log has too', async () => {
    await page.goto(`${world.app}/orders`)
    await page.click('text=Cancel')
    await page.waitForURL(`${world.app}/.sallyport/callback/**`)
    const shown = await page.textContent('small')
    expect(shown).toMatch(/^403 · denied · request [\w-]{36}$/)
    await expect.poll(() => lines().at(-1)).toMatchObject({ outcome: 'failed', reason: 'denied' })
    expect(shown).toContain(lines().at(-1)?.['requestId'])
    expect(await sessionIn()).toBeUndefined()
    expect(await page.evaluate(`getComputedStyle(document.querySelector('small')).opacity`)).toBe('0.6')
  })

  it('has a person show anew who they are where the rule wants it newer, and brings them there', async () => {
    await page.goto(`${world.app}/orders`)
    await signIn(page, world, 'alice')
    const session = await sessionIn()
    await page.goto(`${world.app}/payments`)
    expect(await page.textContent('h1')).toBe('alice')
    const asksAnew = async (): Promise<boolean> => {
      await page.goto(`${world.app}/payments`)
      return (await page.locator('input[name=login]').count()) === 1
    }
    await expect.poll(asksAnew, { timeout: 60_000, interval: 1_000 }).toBe(true)
    await signIn(page, world, 'alice')
    expect(new URL(page.url()).pathname).toBe('/payments')
    expect(await page.textContent('h1')).toBe('alice')
    expect(await sessionIn()).not.toBe(session)
  })
})
