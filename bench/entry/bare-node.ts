/** Node by itself: forwards by undici.request between the streams of node:http. The limit there. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import { Agent, type Dispatcher, request } from 'undici'

const { ORIGIN, SINK } = process.env
const dispatcher = new Agent({ connections: 256 })

const server = createServer((incoming, outgoing) => {
  // a client that left in the midst of it is no reason to end
  forward(incoming, outgoing).catch(() => outgoing.destroy())
})

async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = incoming
  const { connection: _, host: __, ...headers } = incoming.headers
  const answer = await request(`${method === 'POST' ? SINK : ORIGIN}${url}`, {
    dispatcher,
    method: method as Dispatcher.HttpMethod,
    headers,
    body: method === 'POST' ? incoming : null,
  })
  const { connection: ___, 'keep-alive': ____, ...theirs } = answer.headers
  outgoing.writeHead(answer.statusCode, theirs)
  await pipeline(answer.body, outgoing)
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') console.error(`listening on http://127.0.0.1:${address.port}`)
})
