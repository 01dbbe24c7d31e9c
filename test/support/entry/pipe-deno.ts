/** What JavaScript on Deno can do at its barest with `node:net`, on which undici stands: bytes from one socket to another. */

import { type AddressInfo, connect, createServer } from 'node:net'
import process from 'node:process'

const { port } = new URL(process.env['APP_URL'] ?? '')
const server = createServer((client) => {
  const upstream = connect(Number(port), '127.0.0.1')
  for (const socket of [client, upstream]) socket.on('error', () => undefined)
  client.pipe(upstream).pipe(client)
})
server.listen(0, '127.0.0.1', () =>
  console.error(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
)
