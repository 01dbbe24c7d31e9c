/** A real redis-server of a test's own, and the REST protocol of Upstash in front of it. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createConnection, type Socket } from 'node:net'
import { anyPort } from '../../examples/demo/ports.ts'

type Reply = string | number | null | Reply[] | { readonly error: string }

/** Whether this machine has Debian's redis-server. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0

export interface RedisProcess {
  readonly port: number
  readonly child: ChildProcess
  /** One command, one answer; rejects when there is no connection. */
  command(...parts: string[]): Promise<Reply>
  stop(): Promise<void>
}

/** Starts one on a free port of 127.0.0.1, in memory only unless `folder` is given. */
export async function startRedis(port?: number, folder?: string): Promise<RedisProcess> {
  const chosen = port ?? (await anyPort())
  const place = folder ? ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'] : ['--dir', '/tmp']
  const options = ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--loglevel', 'warning', ...place]
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  const connection = createRedisConnection(chosen)
  for (let tries = 0; ; tries++) {
    const pong = await connection.command('PING').catch(() => null)
    if (pong === 'PONG') break
    if (tries > 4_000) throw new Error('redis-server did not come up')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    port: chosen,
    child,
    command: connection.command,
    async stop() {
      connection.close()
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

interface RedisConnection {
  command(...parts: string[]): Promise<Reply>
  close(): void
}

/** Connects anew whenever there is something to say and no connection. */
function createRedisConnection(port: number): RedisConnection {
  let socket: Socket | null = null
  let waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = []
  let received = Buffer.alloc(0)

  function open(): Socket {
    const opened = createConnection({ port, host: '127.0.0.1', noDelay: true })
    opened.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      for (let read = readReply(received, 0); read; read = readReply(received, 0)) {
        received = received.subarray(read.next)
        waiting.shift()?.resolve(read.reply)
      }
    })
    const fail = (): void => {
      if (socket !== opened) return
      socket = null
      received = Buffer.alloc(0)
      for (const { reject } of waiting.splice(0)) reject(new Error('redis is gone'))
    }
    opened.on('error', fail).on('close', fail)
    return opened
  }

  return {
    command(...parts) {
      socket ??= open()
      const bulk = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')
      socket.write(`*${parts.length}\r\n${bulk}`)
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    close() {
      socket?.destroy()
      waiting = []
    },
  }
}

/** RESP2; null while the reply isn't whole. */
function readReply(from: Buffer, at: number): { reply: Reply; next: number } | null {
  const end = from.indexOf('\r\n', at)
  if (end < 0) return null
  const line = from.toString('utf8', at + 1, end)
  const next = end + 2
  switch (String.fromCharCode(from[at] ?? 0)) {
    case '+':
      return { reply: line, next }
    case '-':
      return { reply: { error: line }, next }
    case ':':
      return { reply: Number(line), next }
    case '$': {
      const length = Number(line)
      if (length < 0) return { reply: null, next }
      if (from.length < next + length + 2) return null
      return { reply: from.toString('utf8', next, next + length), next: next + length + 2 }
    }
    default: {
      const items: Reply[] = []
      let after = next
      for (let left = Number(line); left > 0; left--) {
        const item = readReply(from, after)
        if (!item) return null
        items.push(item.reply)
        after = item.next
      }
      return { reply: Number(line) < 0 ? null : items, next: after }
    }
  }
}

export interface Bridge {
  readonly url: string
  readonly token: string
  /** Round trips so far. */
  readonly requests: () => number
  close(): Promise<void>
}

/**
 * Speaks Upstash's REST protocol: `POST /` one command, `/pipeline` and `/multi-exec` several.
 *
 * @param delayMilliseconds how far away Redis is
 */
export async function startBridge(redisPort: number, port = 0, delayMilliseconds = 0): Promise<Bridge> {
  const token = 'a-token-for-the-tests'
  const connection = createRedisConnection(redisPort)
  let requests = 0
  const server: Server = createServer((request, response) => {
    requests++
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      if (delayMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, delayMilliseconds))
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'Unauthorized' })
      const encode = request.headers['upstash-encoding'] === 'base64' ? toBase64 : (reply: Reply) => reply
      const resultOf = (reply: Reply) =>
        typeof reply === 'object' && reply !== null && 'error' in reply ? reply : { result: encode(reply) }
      try {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as (string | number)[] | (string | number)[][]
        if (request.url === '/') {
          const result = resultOf(await connection.command(...body.map(String)))
          return answer('error' in result ? 400 : 200, result)
        }
        const commands = (body as (string | number)[][]).map((command) => command.map(String))
        const all = request.url === '/multi-exec' ? [['MULTI'], ...commands, ['EXEC']] : commands
        const replies = await Promise.all(all.map((command) => connection.command(...command)))
        const last = replies.at(-1)
        answer(200, (request.url === '/multi-exec' && Array.isArray(last) ? last : replies).map(resultOf))
      } catch {
        answer(500, { error: 'redis is gone' })
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    requests: () => requests,
    async close() {
      connection.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const toBase64 = (reply: Reply): Reply => {
  if (Array.isArray(reply)) return reply.map(toBase64)
  return typeof reply === 'string' && reply !== 'OK' ? Buffer.from(reply).toString('base64') : reply
}
