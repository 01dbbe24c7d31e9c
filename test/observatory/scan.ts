/** Lets MDN's scanner look at hosts of ours: what it would ask of the internet, it asks of this machine. Run by observatory.test.ts. */

import { existsSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import process from 'node:process'

const [httpsPort = '', httpPort = '', ...hosts] = process.argv.slice(2)
const ports = new Map([
  [443, Number(httpsPort)],
  [80, Number(httpPort)],
])

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
  const [first] = given
  const options = (Array.isArray(first) ? first[0] : first) as { port?: number | string; host?: string }
  const port = ports.get(Number(options.port))
  if (port === undefined) throw new Error(`the scanner wants to go elsewhere: ${options.host}`)
  options.port = port
  options.host = '127.0.0.1'
  return Reflect.apply(connect, this, given)
} as typeof connect

// the list of preloaded hosts, which its installation would fetch: ours are not on it
const list = join(import.meta.dirname, 'node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json')
if (!existsSync(list)) writeFileSync(list, '{}')

const scanner = '@mdn/mdn-http-observatory'
const { scan } = (await import(scanner)) as { scan(host: string): Promise<unknown> }
const results: Record<string, unknown> = {}
for (const host of hosts) results[host] = await scan(host)
console.log(JSON.stringify(results))
process.exit(0)
