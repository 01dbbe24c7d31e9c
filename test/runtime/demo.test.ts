import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { type Demo, endDemos, startDemo } from '../support/demo.ts'
import { familyOf, isListening, isRunning, survivorsOf } from '../support/processes.ts'

const run = promisify(execFile)
const lacksCurl = spawnSync('curl', ['--version']).error !== undefined
if (lacksCurl) console.warn('curl is missing: the demo is not tried')

const defaults = [8787, 8788, 8789] as const
/** In the order in which they are printed. */
const statuses = [200, 401, 303, 200, 403, 200, 200, 403, 200, 401]

afterEach(endDemos)

const commandsOf = (output: string): readonly string[] =>
  output.split('\n').flatMap((line) => (/^ {2}curl /.test(line) ? [line.trim()] : []))

const portsOf = (output: string): readonly number[] => [
  ...new Set([...output.matchAll(/http:\/\/(?:localhost|127\.0\.0\.1):(\d+)/g)].map(([, port]) => Number(port))),
]

/** Runs a printed command as it stands, in a shell. */
async function follow(command: string): Promise<{ status: number; text: string }> {
  const { stdout } = await run('sh', ['-c', command])
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(stdout)?.[1]), text: stdout }
}

async function tryEverything(output: string): Promise<void> {
  const printed = [...output.matchAll(/^ {2}# (\d{3}): /gm)].map(([, status]) => Number(status))
  expect(printed).toEqual(statuses)
  const answers = []
  for (const command of commandsOf(output)) answers.push(await follow(command))
  expect(answers.map(({ status }) => status)).toEqual(statuses)
  const texts = answers.map(({ text }) => text)
  expect(texts[2]).toMatch(/^location: \/sign-in\?return_to=%2F\r$/im)
  expect(texts[3]).toContain('Good day, <b>ada</b>')
  expect(texts[5]).toContain('grace')
  expect(texts[6]).toContain('"for":"report-robot"')
  // the forged name lost: the app saw who holds the session
  expect(texts[8]).toContain('"user":"ada","email":"ada@example.com","roles":"staff"')
  expect(texts.join('')).not.toContain('root')
}

/** Ends it, and sees that nothing of it is left. */
async function endDemo({ child, pid, output }: Demo, end: () => void): Promise<void> {
  const family = await familyOf(pid)
  expect(family.map(({ command }) => command)).toContain('workerd')
  const ports = portsOf(output())
  expect(ports).toHaveLength(3)
  const exit = once(child, 'exit')
  end()
  await exit
  await expect.poll(() => survivorsOf(family)).toEqual([])
  // another demo, of another test file, may have taken the usual ones since
  const isAlone = !(await isRunning('examples/demo/start.ts'))
  const left = ports.filter((port) => isAlone || !defaults.some((usual) => usual === port))
  expect(await Promise.all(left.map(isListening))).toEqual(left.map(() => false))
}

/** Takes a port, or waits for whoever has it to leave, and takes it then. */
function squat(port: number): Server {
  const server = createServer()
  const take = (): void => void server.listen(port, '127.0.0.1')
  server.on('error', () => setTimeout(take, 10).unref())
  take()
  return server
}

describe.skipIf(lacksCurl)('npm start', { timeout: 400_000 }, () => {
  test('does what it prints, and Ctrl-C leaves nothing behind', async () => {
    const demo = await startDemo()
    await tryEverything(demo.output())
    // a terminal sends it to the whole group
    await endDemo(demo, () => process.kill(-demo.pid, 'SIGINT'))
  })

  test('does it again, and SIGTERM to npm alone is as good', async () => {
    const demo = await startDemo()
    await tryEverything(demo.output())
    await endDemo(demo, () => process.kill(demo.pid, 'SIGTERM'))
  })

  test('says which ports are taken, and takes others', async () => {
    const squatters = defaults.map(squat)
    await expect.poll(() => Promise.all(defaults.map(isListening))).toEqual([true, true, true])
    const demo = await startDemo()
    for (const port of defaults)
      expect(demo.output()).toMatch(new RegExp(`Port ${port} is taken; the [a-z ]+ takes \\d+ instead`))
    expect(portsOf(demo.output()).filter((port) => defaults.some((other) => other === port))).toEqual([])
    await tryEverything(demo.output())
    await endDemo(demo, () => process.kill(-demo.pid, 'SIGINT'))
    for (const server of squatters) server.close()
  })

  test('two run side by side', async () => {
    const demos = [await startDemo(), await startDemo()]
    const ports = demos.flatMap((demo) => portsOf(demo.output()))
    expect(new Set(ports).size).toBe(6)
    for (const demo of demos) await tryEverything(demo.output())
    for (const demo of demos) await endDemo(demo, () => process.kill(-demo.pid, 'SIGINT'))
  })
})
