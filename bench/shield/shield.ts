/** Weighs the shield: the CPU time of workerd per request, with it and without, in alternating rounds. Run by `npm run bench:shield`. */

import { readdirSync, readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import process from 'node:process'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { startRuntime } from '../../test/support/runtimes.ts'
import { laySession } from '../../test/support/sessions.ts'
import { listen, serveKv } from '../../test/support/surroundings.ts'

const rounds = 121
const requestsPerRound = 300
const connections = 8
const budget: number = JSON.parse(readFileSync(new URL('../budgets.json', import.meta.url), 'utf8')).shieldRatio

const page = 'x'.repeat(2_000)
const origin = createServer((incoming, outgoing) => {
  incoming.resume()
  outgoing.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': page.length,
    Server: 'Apache/2.2.3',
    'X-Powered-By': 'PHP/5.3.3',
    'Set-Cookie': 'PHPSESSID=abcdef; path=/',
    'Cache-Control': 'no-cache',
  })
  outgoing.end(page)
})
const originUrl = await listen(origin)
const now = Date.now() / 1000
const session = await laySession(
  createMemoryStore(() => now),
  { subject: 'user-0', ttlSeconds: 3600 },
  now,
)
const kv = serveKv(new Map([[`${session.key.place}/${session.key.name}`, JSON.stringify(session.record)]]))
const runtime = await startRuntime('workerd', {
  entry: { workerd: '../../bench/shield/worker.ts', deno: '', node: '' },
  kvPort: Number(new URL(await listen(kv)).port),
  environment: { APP_URL: originUrl, SESSION_STORE: 'kv', LOG: 'off' },
})
const agent = new Agent({ keepAlive: true, maxSockets: connections })

/** What a browser says besides, and the three things that a page of an application does. */
const browser = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-GB,en;q=0.9,de;q=0.8',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'sec-ch-ua': '"Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  cookie: `__Host-sallyport=${session.cookie}; theme=dark; lang=en`,
}
const kinds = [
  { method: 'GET', headers: { ...browser, 'sec-fetch-site': 'same-origin' } },
  { method: 'GET', headers: { ...browser, 'sec-fetch-site': 'cross-site', origin: 'https://console.test' } },
  { method: 'GET', headers: { ...browser, 'sec-fetch-site': 'same-origin' } },
  { method: 'POST', headers: { ...browser, 'sec-fetch-site': 'same-site', origin: 'https://a.family.test' } },
]

try {
  for (let turn = 0; turn < 16; turn++) await round(turn % 2 === 0 ? 'with.test' : 'without.test')
  const costs = { with: [] as number[], without: [] as number[] }
  for (let turn = 0; turn < rounds; turn++) {
    // who goes first changes, so that neither gains by what the other left behind
    const order = turn % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)
    for (const which of order) costs[which].push(await round(`${which}.test`))
  }
  const ratio = Math.round((1000 * quarter(costs.with)) / quarter(costs.without)) / 1000
  console.log(
    'CPU time of workerd per request, lower quartile of %d alternating rounds of %d',
    rounds,
    requestsPerRound,
  )
  console.log('  with the shield     %s µs', quarter(costs.with).toFixed(1))
  console.log('  without it          %s µs', quarter(costs.without).toFixed(1))
  if (ratio > budget) {
    console.error(`the shield makes a request cost ${ratio} times what it costs without: at most ${budget}`)
    process.exitCode = 1
  }
  console.log(JSON.stringify({ ratio }))
} finally {
  agent.destroy()
  await runtime.stop()
  for (const server of [origin, kv]) {
    server.close()
    server.closeAllConnections()
  }
}

/** @returns microseconds of CPU time per request */
async function round(host: string): Promise<number> {
  const began = cpuNanoseconds(runtime.pid)
  let next = 0
  const client = async (): Promise<void> => {
    while (next < requestsPerRound) await ask(host, next++)
  }
  await Promise.all(Array.from({ length: connections }, client))
  return (cpuNanoseconds(runtime.pid) - began) / requestsPerRound / 1000
}

function ask(host: string, at: number): Promise<void> {
  const kind = kinds[at % kinds.length]
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: runtime.port,
        agent,
        method: kind?.method,
        path: '/account/orders?page=2',
        headers: { host, ...kind?.headers },
      },
      (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`${host} answers ${answer.statusCode}`))
        answer.resume()
        answer.on('end', resolve)
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

/** Linux tells it by thread, in nanoseconds (proc(5), schedstat); `stat` has only hundredths of a second. */
function cpuNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [onCpu = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return sum + Number(onCpu)
  }, 0)
}

/** Whatever else the machine does only ever adds: the quieter rounds tell more. */
function quarter(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 4)] ?? 0
}
