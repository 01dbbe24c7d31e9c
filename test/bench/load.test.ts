import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cpuMilliseconds, peakMebibytes } from '../../bench/cost.ts'
import { findLoader, type Load, run } from '../../bench/load.ts'
import { bigBytes } from '../../bench/origin.ts'
import { transfer } from '../../bench/transfer.ts'
import { requestText } from '../support/http.ts'
import { listen } from '../support/surroundings.ts'

let server: Server
let port: number
let folder: string
let asked: Map<string, number>

beforeEach(async () => {
  asked = new Map()
  server = createServer(async (request, response) => {
    let bytes = 0
    for await (const chunk of request) bytes += chunk.length
    const path = request.url ?? ''
    asked.set(path, (asked.get(path) ?? 0) + 1)
    if (path === '/big') return void response.end(Buffer.alloc(request.method === 'GET' ? bigBytes : 0))
    response.statusCode = path === '/no' ? 401 : 200
    response.end(String(bytes))
  })
  port = Number(new URL(await listen(server)).port)
  folder = mkdtempSync(join(tmpdir(), 'sallyport-load-'))
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})

const hasWrk = spawnSync('wrk', ['-v']).error === undefined
const own = [process.execPath, join(import.meta.dirname, '../../bench/own-load.ts')]

describe('load', () => {
  const loaders = [
    ['of our own', (load: Load) => run([...own, JSON.stringify(load)], load.seconds), true],
    ['of wrk', (load: Load) => findLoader().send(load), hasWrk],
  ] as const

  for (const [name, send, isThere] of loaders) {
    it.skipIf(!isThere)(`${name} sends all requests in turn and counts refusals`, async () => {
      const file = join(folder, 'requests')
      writeFileSync(file, ['/a', '/b', '/no', '/d'].map((path) => requestText(`GET ${path}`, 'x.test')).join('\0'))
      const loaded = await send({ port, file, from: 1, seconds: 1, connections: 4 })
      expect(loaded.requests).toBeGreaterThan(100)
      expect(loaded.broken).toBe(0)
      expect(Math.abs(loaded.refused - loaded.requests / 4)).toBeLessThan(5)
      expect(loaded.p99).toBeGreaterThanOrEqual(loaded.p50)
      expect([...asked.keys()].sort()).toEqual(['/a', '/b', '/d', '/no'])
    })
  }
})

describe('a big body', () => {
  it.each(['GET', 'POST'])(
    'goes through by %s, and takes its time',
    async (method) => {
      const length = method === 'POST' ? ([['Content-Length', String(bigBytes)]] as const) : []
      const perSecond = await transfer(port, requestText(`${method} /big`, 'x.test', length))
      expect(perSecond).toBeGreaterThan(1)
      expect(asked.get('/big')).toBe(1)
    },
    60_000,
  )

  it('that is refused is no figure', async () => {
    await expect(transfer(port, requestText('GET /no', 'x.test'))).rejects.toThrow('401')
  })
})

describe.skipIf(process.platform !== 'linux')('the cost of a process', () => {
  it('grows with what it and its children do', () => {
    const before = cpuMilliseconds(process.pid)
    // by its own account, for others may have the processor most of the time
    const used = process.cpuUsage()
    while (process.cpuUsage(used).user < 100_000) Math.sqrt(used.user)
    expect(cpuMilliseconds(process.pid) - before).toBeGreaterThan(20)
    expect(peakMebibytes(process.pid)).toBeGreaterThan(10)
  })

  it('of one that has ended is nothing', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    expect(cpuMilliseconds(pid)).toBe(0)
  })
})
