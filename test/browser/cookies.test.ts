import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { app, evil, lacksPrograms, sibling, startWorld, type World } from './world/world.ts'

let world: World
beforeAll(async () => {
  if (!lacksPrograms) world = await startWorld()
})
afterAll(() => world?.stop())

describe.skipIf(lacksPrograms)('cookies in Chromium', () => {
  it('somebody still logs in at an old application, behind the gateway', async () => {
    const page = await world.open(`${app}/login`, { signedIn: false })
    await page.fill('input', 'Jörg <b>')
    await Promise.all([page.waitForURL(`${app}/account`), page.click('button')])
    expect(await page.textContent('#who')).toBe('Jörg <b>')
    await page.reload()
    expect(await page.textContent('#who')).toBe('Jörg <b>')
  })

  it('the gateway’s cookie never reaches the application, and the application’s own does', async () => {
    const page = await world.open(`${app}/login`)
    await page.goto(`${app}/mine/cookies`)
    const [last] = await world.reached('/mine/cookies')
    expect(last?.cookies).toEqual(['PHPSESSID'])
    expect(last?.user).toBe('maria')
  })

  it('a sibling can’t toss a cookie of the gateway’s name', async () => {
    const page = await world.open(`${sibling}/`, { signedIn: false })
    const tossed = `__Host-sallyport=v1..${'a'.repeat(43)}; Domain=example.test; Path=/; Secure`
    await page.evaluate(`document.cookie = ${JSON.stringify(tossed)}`)
    await page.goto(`${app}/mine/tossed`)
    expect((await world.logged('/mine/tossed')).at(-1)?.['reason']).toBe('no-credential')
  })

  it('a sibling’s cookie of a like name makes nobody somebody', async () => {
    const page = await world.open(`${sibling}/`, { signedIn: false })
    for (const name of ['sallyport', '__host-sallyport2', 'X__Host-sallyport'])
      await page.evaluate(
        `document.cookie = ${JSON.stringify(`${name}=v1..${'a'.repeat(43)}; Domain=example.test; Path=/; Secure`)}`,
      )
    await page.goto(`${app}/mine/alike`)
    expect((await world.logged('/mine/alike')).at(-1)?.['decision']).toBe('refuse')
    expect(await world.reached('/mine/alike')).toEqual([])
  })

  it('Lax: it goes with a link from another site, and with no frame, image or fetch', async () => {
    const page = await world.open(`${evil}/`)
    await page.evaluate(
      `new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = '${app}/lax/frame'; document.body.append(frame) })`,
    )
    expect((await world.logged('/lax/frame')).at(-1)?.['reason']).toBe('no-credential')
    await page.evaluate(`fetch('${app}/lax/fetch', { mode: 'no-cors', credentials: 'include' }).then(() => 0)`)
    expect((await world.logged('/lax/fetch')).at(-1)?.['reason']).toBe('no-credential')
    await page.evaluate(`location.href = '${app}/lax/link'`)
    await page.waitForURL(`${app}/lax/link`)
    expect((await world.logged('/lax/link')).at(-1)?.['subject']).toBe('maria')
  })

  it('no script of the page reads it', async () => {
    const page = await world.open(`${app}/login`)
    expect(await page.evaluate('document.cookie')).not.toContain('__Host-sallyport')
  })
})
