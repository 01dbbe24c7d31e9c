/** What stands behind everything that is measured: nginx where the machine has it, else a server of our own. */

import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { anyPort } from '../examples/demo/ports.ts'
import { isListening } from '../test/support/processes.ts'
import { findProgram } from '../test/support/programs.ts'
import { listen } from '../test/support/surroundings.ts'

export interface Origin {
  readonly name: string
  readonly url: string
  stop(): Promise<void>
}

export const bigBytes = 100 * 2 ** 20

/** `…/1k`, `…/64k` and `…/big` (100 MiB) under any path. */
export async function startOrigin(folder: string): Promise<Origin> {
  const nginx = findProgram('nginx')
  if (!nginx) return serveOwn()
  await writeFile(join(folder, '1k'), 'x'.repeat(1024))
  await writeFile(join(folder, '64k'), 'x'.repeat(65_536))
  await writeFile(join(folder, 'big'), Buffer.alloc(bigBytes, 'x'))
  await mkdir(join(folder, 'temporary'))
  const port = await anyPort()
  const config = join(folder, 'nginx.conf')
  await writeFile(config, nginxConfig(folder, port))
  const child = spawn(nginx, ['-e', join(folder, 'nginx.log'), '-c', config], { stdio: 'inherit' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (child.exitCode !== null || tries > 1_000) throw new Error(`nginx does not listen: see ${folder}/nginx.log`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    name: 'nginx',
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function nginxConfig(folder: string, port: number): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/temporary/${name};`,
  )
  return `daemon off; master_process off; pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; default_type text/html; sendfile on; tcp_nopush on; open_file_cache max=10;
  keepalive_requests 1000000000; keepalive_timeout 300s; ${places.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / { root ${folder}; rewrite "^.*/(1k|64k|big)$" /$1 break; }
  }
}
`
}

async function serveOwn(): Promise<Origin> {
  const bodies = new Map([
    ['1k', Buffer.alloc(1024, 'x')],
    ['64k', Buffer.alloc(65_536, 'x')],
  ])
  const block = Buffer.alloc(bigBytes / 1600, 'x')
  const server = createServer(async (request, response) => {
    const body = bodies.get(request.url?.split('/').at(-1) ?? '')
    const length = body?.length ?? bigBytes
    response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': length })
    if (body) return void response.end(body)
    for (let at = 0; at < 1600 && !response.destroyed; at++) {
      if (!response.write(block)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  })
  return { name: 'our own origin', url: await serve(server), stop: () => close(server) }
}

/** Takes what is sent to it, to the end, and tells how many bytes it was. */
export async function startSink(): Promise<Origin> {
  const server = createServer(async (request, response) => {
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    response.end(String(bytes))
  })
  return { name: 'sink', url: await serve(server), stop: () => close(server) }
}

/** For longer than any client keeps a connection, so that none is closed while a request is on its way. */
export const serve = (server: Server): Promise<string> => {
  server.keepAliveTimeout = 300_000
  return listen(server)
}

export async function close(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
}
