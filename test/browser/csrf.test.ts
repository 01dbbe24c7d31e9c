import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { friend } from './world/routes.ts'
import { app, evil, lacksPrograms, sibling, startWorld, type World } from './world/world.ts'

let world: World
beforeAll(async () => {
  if (!lacksPrograms) world = await startWorld()
})
afterAll(() => world?.stop())

/** Each way in which a page makes a browser send something; `lax` cookies go with those of the same site. */
const ways: Readonly<Record<string, (url: string) => string>> = {
  form: (url) =>
    `new Promise((done) => { const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame); const form = document.createElement('form'); form.method = 'post'; form.action = '${url}'; form.target = 'f'; document.body.append(form); frame.onload = () => done(); form.submit(); setTimeout(done, 1500) })`,
  'text form': (url) =>
    `new Promise((done) => { const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame); const form = document.createElement('form'); form.method = 'post'; form.enctype = 'text/plain'; form.action = '${url}'; form.target = 'f'; document.body.append(form); frame.onload = () => done(); form.submit(); setTimeout(done, 1500) })`,
  fetch: (url) =>
    `fetch('${url}', { method: 'POST', credentials: 'include', mode: 'no-cors', body: 'x' }).catch(() => 0).then(() => 0)`,
  beacon: (url) => `(navigator.sendBeacon('${url}', 'x'), new Promise((done) => setTimeout(done, 400)))`,
}

async function statusOf(page: Page, way: string, path: string): Promise<number | null> {
  await page.evaluate(ways[way]?.(app + path) ?? '')
  return Number((await world.logged(path)).at(-1)?.['status'])
}

describe.skipIf(lacksPrograms)('CSRF in Chromium, signed in', () => {
  for (const way of Object.keys(ways)) {
    const name = way.replace(' ', '-')
    it(`${way} of our own page passes`, async () => {
      const path = `/mine/${name}`
      expect(await statusOf(await world.open(`${app}/login`), way, path)).toBe(200)
      expect((await world.reached(path)).map(({ user }) => user)).toEqual(['maria'])
    })

    it(`${way} from a sibling subdomain, whose cookie travels, is refused`, async () => {
      const path = `/sibling/${name}`
      expect(await statusOf(await world.open(`${sibling}/`), way, path)).toBe(403)
      expect(await world.reached(path)).toEqual([])
      expect((await world.logged(path)).at(-1)?.['reason']).toBe('forged')
    })

    it(`${way} from another site reaches nothing`, async () => {
      const path = `/strange/${name}`
      // SameSite=Lax keeps the cookie at home: nobody is signed in
      expect(await statusOf(await world.open(`${evil}/`), way, path)).toBe(401)
      expect(await world.reached(path)).toEqual([])
    })
  }

  it('a form of ours passes under no-referrer, where the origin is null', async () => {
    const page = await world.open(`${app}/login`)
    await page.evaluate(`document.head.insertAdjacentHTML('beforeend', '<meta name="referrer" content="no-referrer">')`)
    expect(await statusOf(page, 'form', '/mine/no-referrer')).toBe(200)
    expect((await world.reached('/mine/no-referrer'))[0]?.origin).toBe('null')
  })

  it('a form from a sandboxed frame of a sibling, whose origin is null, is refused', async () => {
    const page = await world.open(`${sibling}/`)
    const inner = `<form method=post action="${app}/null/form"></form><script>document.forms[0].submit()</script>`
    await page.evaluate(
      `(() => { const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts allow-forms'; frame.srcdoc = ${JSON.stringify(inner).replaceAll('</', '<\\/')}; document.body.append(frame) })()`,
    )
    const lines = await world.logged('/null/form')
    expect(lines.map(({ status }) => status)).not.toContain(200)
    expect(await world.reached('/null/form')).toEqual([])
  })

  it('a top-level form from another site is refused, though a link from there is followed', async () => {
    const page = await world.open(`${evil}/`)
    await page.evaluate(
      `document.body.innerHTML = '<form method=post action="${app}/top/form"><button>go</button></form><a href="${app}/top/link">go</a>'`,
    )
    await Promise.all([page.waitForURL(`${app}/**`), page.click('a')])
    expect((await world.reached('/top/link'))[0]?.user).toBe('maria')
    await page.goto(`${evil}/`)
    await page.evaluate(
      `document.body.innerHTML = '<form method=post action="${app}/top/form"><button>go</button></form>'`,
    )
    await Promise.all([page.waitForURL(`${app}/**`), page.click('button')])
    expect(await world.reached('/top/form')).toEqual([])
  })

  it('an image of a sibling is fetched, for it changes nothing', async () => {
    const page = await world.open(`${sibling}/`)
    await page.evaluate(
      `new Promise((done) => { const image = new Image(); image.onload = image.onerror = done; image.src = '${app}/mine/image' })`,
    )
    expect((await world.logged('/mine/image')).at(-1)?.['status']).toBe(200)
  })

  it('siblings pass where the rule lets them, and no other site does', async () => {
    expect(await statusOf(await world.open(`${sibling}/`), 'form', '/siblings/form')).toBe(200)
    expect(await statusOf(await world.open(`${evil}/`), 'fetch', '/siblings/strange')).toBe(401)
  })

  it('a webhook that is exempt takes a sibling’s post', async () => {
    expect(await statusOf(await world.open(`${sibling}/`), 'fetch', '/hook/x')).toBe(200)
  })

  it('a rule that only reports lets a sibling’s post through, and says so', async () => {
    expect(await statusOf(await world.open(`${sibling}/`), 'form', '/reporting/form')).toBe(200)
    expect((await world.logged('/reporting/form')).at(-1)?.['would']).toMatchObject({ reason: 'forged' })
  })

  it.each([
    ['our own page', app, false],
    ['a sibling', sibling, true],
    ['a friend, whose cookie stays at home', friend, true],
  ])('a WebSocket of %s', async (_, origin, isRefused) => {
    const path = `/socket/${new URL(origin).hostname}`
    const page = await world.open(origin === app ? `${app}/login` : `${origin}/`)
    await page.evaluate(
      `new Promise((done) => { const socket = new WebSocket('${app.replace('https', 'wss')}${path}'); socket.onclose = socket.onerror = done })`,
    )
    const [entry] = await world.logged(path)
    expect(['forged', 'no-credential'].includes(String(entry?.['reason']))).toBe(isRefused)
    if (isRefused) expect(await world.reached(path)).toEqual([])
  })

  it('a token is given to our own page alone', async () => {
    const mine = await world.open(`${app}/login`)
    const answer = (await mine.evaluate(`fetch('/.sallyport/csrf').then((answer) => answer.json())`)) as {
      token: string
    }
    expect(answer.token).toMatch(/^v1\./)
    expect(await mine.evaluate('document.cookie')).toContain(`__Host-csrf-sallyport=${answer.token}`)
    const other = await world.open(`${sibling}/`)
    const read = `fetch('${app}/.sallyport/csrf', { credentials: 'include' }).then(() => 'read', () => 'nothing')`
    expect(await other.evaluate(read)).toBe('nothing')
  })
})
