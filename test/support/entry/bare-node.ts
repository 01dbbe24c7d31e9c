/** The same on Node: its own server, its own fetch, streams turned from one kind into the other. */

import { createServer } from 'node:http'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const server = createServer(async (incoming, outgoing) => {
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  const answer = await fetch(`${process.env['APP_URL']}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    redirect: 'manual',
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' }),
  })
  outgoing.writeHead(answer.status)
  if (answer.body) await pipeline(Readable.fromWeb(answer.body), outgoing)
  else outgoing.end()
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') console.error(`listening on http://127.0.0.1:${address.port}`)
})
