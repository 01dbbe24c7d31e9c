/** Starts the servers that stand behind a gateway in real life, each with the small app that it has under `test/origins`. */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { anyPort } from '../../examples/demo/ports.ts'
import { findProgram } from './programs.ts'

export interface Legacy {
  readonly port: number
  stop(): Promise<void>
}

/** What an app gives for a download: bytes of every value, the same each time. */
export const download = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 31 + (at >> 8)) & 255))

/** How one would like to be called: ways to write a name that some server takes for that of the identity header. */
export const forgeries = [
  'X-Remote-User',
  'X_Remote_User',
  'X-REMOTE_USER',
  'X.Remote.User',
  'Remote-User',
  'REMOTE_USER',
] as const

/** What each server does of itself: docs/origins.md has it as a table. */
export const traits = {
  php: { believes: [...forgeries], takesChunks: true, compresses: false },
  nginx: { believes: forgeries.filter((name) => name !== 'X.Remote.User'), takesChunks: true, compresses: true },
  apache: { believes: ['X-Remote-User', 'Remote-User'], takesChunks: true, compresses: true },
  wsgi: { believes: forgeries.filter((name) => name !== 'X.Remote.User'), takesChunks: false, compresses: false },
  tomcat: { believes: ['X-Remote-User', 'Remote-User'], takesChunks: true, compresses: true },
  express: { believes: ['X-Remote-User', 'Remote-User', 'REMOTE_USER'], takesChunks: true, compresses: false },
}

export interface LegacyKind {
  readonly name: keyof typeof traits
  /** What is missing on this machine, or null. */
  readonly lacks: string | null
  /** Programs to run, the last of which listens at `port`. */
  readonly commands: (place: Place) => Promise<readonly (readonly [string, ...string[]])[]>
}

interface Place {
  readonly port: number
  /** An empty folder, for this run alone. */
  readonly folder: string
  /** The file that is to be downloaded. */
  readonly file: string
}

const apps = join(import.meta.dirname, '../origins')
const php = findProgram('php')
const phpCgi = findProgram('php-cgi')
const nginx = findProgram('nginx')
const apache = findProgram('apache2')
const python = findProgram('python3')
const java = findProgram('java')
const tomcat = '/usr/share/tomcat10'
const express = existsSync(join(apps, 'express/node_modules/express'))
if (!express) console.warn('left out Express: npm ci --ignore-scripts --prefix test/origins/express brings it')
if (!existsSync(tomcat)) console.warn("left out Tomcat: Debian's tomcat10-common brings it")

export const legacyKinds: readonly LegacyKind[] = [
  {
    name: 'php',
    lacks: php ? null : 'php',
    commands: async ({ port }) => [[php ?? '', '-S', `127.0.0.1:${port}`, join(apps, 'php/index.php')]],
  },
  {
    name: 'nginx',
    lacks: nginx && phpCgi ? null : 'nginx or php-cgi',
    async commands({ port, folder, file }) {
      const fastcgi = await anyPort()
      const values = { PORT: port, FASTCGI: fastcgi, FOLDER: folder, APP: join(apps, 'php'), DOWNLOAD: file }
      await fill('nginx/nginx.conf', join(folder, 'nginx.conf'), values)
      return [
        [phpCgi ?? '', '-b', `127.0.0.1:${fastcgi}`],
        [nginx ?? '', '-c', join(folder, 'nginx.conf'), '-p', folder],
      ]
    },
  },
  {
    name: 'apache',
    lacks: apache ? null : 'apache2',
    async commands({ port, folder, file }) {
      const values = { PORT: port, FOLDER: folder, APP: join(apps, 'apache/app.pl'), DOWNLOAD: file }
      await fill('apache/httpd.conf', join(folder, 'httpd.conf'), values)
      return [[apache ?? '', '-f', join(folder, 'httpd.conf'), '-D', 'FOREGROUND']]
    },
  },
  {
    name: 'wsgi',
    lacks: python ? null : 'python3',
    commands: async ({ port, file }) => [[python ?? '', join(apps, 'wsgi/app.py'), String(port), file]],
  },
  {
    name: 'tomcat',
    lacks: java && existsSync(tomcat) ? null : 'java or tomcat10-common',
    async commands({ port, folder, file }) {
      await mkdir(join(folder, 'conf'))
      await fill('tomcat/server.xml', join(folder, 'conf/server.xml'), { PORT: port, FOLDER: folder })
      await cp(join(apps, 'tomcat'), join(folder, 'app'), { recursive: true })
      await cp(file, join(folder, 'app/download'), { preserveTimestamps: true })
      const jars = ['bootstrap', 'tomcat-juli'].map((name) => `${tomcat}/bin/${name}.jar`).join(':')
      const options = [
        `-Dcatalina.home=${tomcat}`,
        `-Dcatalina.base=${folder}`,
        '-XX:TieredStopAtLevel=1',
        '-Xshare:auto',
      ]
      return [[java ?? '', ...options, '-cp', jars, 'org.apache.catalina.startup.Bootstrap', 'start']]
    },
  },
  {
    name: 'express',
    lacks: express ? null : 'express',
    commands: async ({ port, file }) => [[process.execPath, join(apps, 'express/app.js'), String(port), file]],
  },
]

/** Resolves once the app answers. Throws with what it wrote when it doesn't within 150 seconds. */
export async function startLegacy(kind: LegacyKind): Promise<Legacy> {
  const folder = await mkdtemp(join(tmpdir(), `sallyport-${kind.name}-`))
  // Apache gives up its rights, if it has any
  await chmod(folder, 0o755)
  const file = join(folder, 'download.bin')
  await writeFile(file, download)
  // what was written this very second has only a weak validator (RFC 9110 section 8.8.2.2)
  await utimes(file, 1_700_000_000, 1_700_000_000)
  const port = await anyPort()
  let output = ''
  const children = (await kind.commands({ port, folder, file })).map(([program, ...args]) => {
    const child = spawn(program, args, {
      env: { ...process.env, DOWNLOAD: file },
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own: when Apache ends, it ends its whole group
      detached: true,
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    return child
  })
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end))
    await rm(folder, { recursive: true, force: true })
  }
  const endsAt = Date.now() + 150_000
  while (!(await answers(port))) {
    if (Date.now() < endsAt && children.every(({ exitCode }) => exitCode === null)) continue
    await stop()
    throw new Error(`${kind.name} doesn't answer: ${output}`)
  }
  return { port, stop }
}

async function answers(port: number): Promise<boolean> {
  const status = await fetch(`http://127.0.0.1:${port}/`).then(
    (response) => response.status,
    () => 0,
  )
  if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
  return status === 200
}

/** Writes a template of `test/origins` with `@NAME@` replaced. */
async function fill(
  template: string,
  target: string,
  values: Readonly<Record<string, string | number>>,
): Promise<void> {
  const text = await readFile(join(apps, template), 'utf8')
  await writeFile(
    target,
    text.replace(/@([A-Z]+)@/g, (_, name: string) => String(values[name])),
  )
}

async function end(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.kill(-pid, 'SIGTERM')
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), 3_000)
  await ended
  clearTimeout(timer)
}
