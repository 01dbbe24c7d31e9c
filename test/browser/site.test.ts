import type { AddressInfo } from 'node:net'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLegacyApp } from '../../examples/legacy/server.ts'
import { vouchSecret } from '../support/kept.ts'
import { findProgram } from '../support/programs.ts'
import { type RunningRuntime, startRuntime } from '../support/runtimes.ts'

const executablePath = findProgram('chromium')
const app = createLegacyApp(vouchSecret)
let browser: Browser
let gateway: RunningRuntime
const at = (host: string): string => `http://${host}.demo.localhost:${gateway.port}`

beforeAll(async () => {
  if (!executablePath) return
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  gateway = await startRuntime('node', {
    entry: { node: 'entry/site-node.ts', deno: '', workerd: '' },
    environment: {
      APP_URL: `http://127.0.0.1:${(app.address() as AddressInfo).port}`,
      SESSION_STORE: 'memory',
      VOUCH_SECRET: vouchSecret,
    },
  })
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  app.close()
})

describe.skipIf(executablePath === null)('a session of a site, in Chromium', () => {
  it('is good at the hosts that share it and no other, and ends at all of them', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${at('shop')}/whoami`)
    await page.fill('input[name=name]', 'ada')
    await page.fill('input[name=password]', 'ada-1815')
    await page.click('button:text-is("Sign in")')
    expect(await page.textContent('body')).toContain('"user":"ada"')
    expect((await context.cookies()).map(({ name, domain }) => `${name} ${domain}`)).toEqual([
      '__Secure-sallyport .demo.localhost',
    ])
    await page.goto(`${at('office')}/whoami`)
    expect(await page.textContent('body')).toContain('"user":"ada"')
    // the browser sends it there too, and nobody reads it
    await page.goto(`${at('alone')}/whoami`)
    expect(page.url()).toBe(`${at('alone')}/sign-in?return_to=%2Fwhoami`)

    await page.goto(`${at('office')}/`)
    await page.click('button:text-is("Sign out")')
    await page.waitForURL(`${at('office')}/sign-in?return_to=%2F`)
    expect(await context.cookies()).toEqual([])
    await page.goto(`${at('shop')}/whoami`)
    expect(page.url()).toBe(`${at('shop')}/sign-in?return_to=%2Fwhoami`)
    await context.close()
  })

  it('is not taken for that of a host, nor the other way round', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    for (const host of ['alone', 'shop']) {
      await page.goto(`${at(host)}/whoami`)
      await page.fill('input[name=name]', host === 'shop' ? 'ada' : 'grace')
      await page.fill('input[name=password]', host === 'shop' ? 'ada-1815' : 'grace-1906')
      await page.click('button:text-is("Sign in")')
    }
    for (const [host, user] of [
      ['shop', 'ada'],
      ['office', 'ada'],
      ['alone', 'grace'],
    ] as const) {
      await page.goto(`${at(host)}/whoami`)
      expect(await page.textContent('body')).toContain(`"user":"${user}"`)
    }
    await context.close()
  })
})
