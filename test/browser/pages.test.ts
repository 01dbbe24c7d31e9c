import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { friend } from './world/routes.ts'
import { app, evil, lacksPrograms, startWorld, type World } from './world/world.ts'

let world: World
beforeAll(async () => {
  if (!lacksPrograms) world = await startWorld()
})
afterAll(() => world?.stop())

/** Whether a frame in a page of that origin shows the application's page. */
async function isFramed(origin: string, path: string): Promise<boolean> {
  const page = await world.open(origin === app ? `${app}/login` : `${origin}/`, { signedIn: false })
  await page.evaluate(
    `new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = '${app}${path}'; document.body.append(frame) })`,
  )
  const frame = page.frames().find((other) => other !== page.mainFrame())
  return (await frame?.title().catch(() => '')) === 'page'
}

describe.skipIf(lacksPrograms)('framing in Chromium', () => {
  it.each([
    ['legacy: our own page', app, '/anyone/page', true],
    ['legacy: a stranger', evil, '/anyone/page', false],
    ['strict: our own page', app, '/strict/page', false],
    ['strict: a stranger', evil, '/strict/page', false],
    ['frame-ancestors: who is named', friend, '/framed/page', true],
    ['frame-ancestors: who isn’t', evil, '/framed/page', false],
    ['frame-ancestors: not even ourselves, who aren’t named', app, '/framed/page', false],
  ])('%s', async (_, origin, path, shows) => {
    expect(await isFramed(origin, path)).toBe(shows)
  })

  it('a page of the gateway’s own stands in no frame', async () => {
    const page = await world.open(`${evil}/`, { signedIn: false })
    await page.evaluate(
      `new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = '${app}/nowhere/at/all'; document.body.append(frame) })`,
    )
    const frame = page.frames().find((other) => other !== page.mainFrame())
    await expect.poll(() => frame?.url()).toMatch(/^chrome-error:/)
  })
})

describe.skipIf(lacksPrograms)('policies in Chromium', () => {
  it('with a nonce the inline scripts and styles of the page run, and attributes don’t', async () => {
    const page = await world.open(`${app}/nonce/page`, { signedIn: false })
    await page.click('#attribute')
    expect(await page.evaluate('window.ran')).toEqual(['inline', 'module'])
    expect(await page.evaluate(`getComputedStyle(document.querySelector('#styled')).color`)).toBe('rgb(1, 2, 3)')
    expect(await page.textContent('#styled')).toBe('Grüße')
  })

  it('with a nonce a script that comes later doesn’t run', async () => {
    const page = await world.open(`${app}/nonce/page`, { signedIn: false })
    await page.evaluate(
      `(() => { const script = document.createElement('script'); script.textContent = 'window.ran.push("late")'; document.body.append(script) })()`,
    )
    expect(await page.evaluate('window.ran')).not.toContain('late')
  })

  it('the nonce is another each time, and a page that is seen again still runs', async () => {
    const page = await world.open(`${app}/nonce/page`, { signedIn: false })
    const nonce = () => page.evaluate(`document.querySelector('script').nonce`)
    const first = await nonce()
    await page.reload()
    expect(await nonce()).not.toBe(first)
    await page.goto(`${app}/login`)
    await page.goBack()
    expect(await page.evaluate('window.ran')).toEqual(['inline', 'module'])
  })

  it('under strict nothing inline runs', async () => {
    const page = await world.open(`${app}/strict/page`, { signedIn: false })
    expect(await page.evaluate('window.ran')).toBeUndefined()
  })

  it('under legacy an old page runs as it ever did', async () => {
    const page = await world.open(`${app}/anyone/page`, { signedIn: false })
    await page.click('#attribute')
    expect(await page.evaluate('window.ran')).toEqual(['inline', 'module', 'attribute'])
  })

  it('a policy that only reports lets everything run, and what it would have blocked is logged', async () => {
    const page = await world.open(`${app}/watched/page`, { signedIn: false })
    expect(await page.evaluate('window.ran')).toEqual(['inline', 'module'])
    await expect.poll(() => world.gateway.output()).toContain('"kind":"csp-report"')
  })

  it('an image by http is fetched by https, where the policy says so', async () => {
    const page = await world.open(`${app}/mixed/page?mixed=evil.test`, { signedIn: false })
    await expect.poll(() => page.evaluate(`document.querySelector('#mixed').naturalWidth`)).toBe(1)
    expect(await page.evaluate(`performance.getEntriesByType('resource').map((entry) => entry.name).join()`)).toContain(
      'https://evil.test/image',
    )
  })
})
