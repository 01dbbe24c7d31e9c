/** An upstream that authenticates connections, not requests, as IIS does: connections here are shared by everybody. */

import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Door, openDoor } from '../support/door.ts'
import { requestText, send, valuesOf } from '../support/http.ts'
import { runtimeNames } from '../support/runtimes.ts'
import { listen } from '../support/surroundings.ts'

/** Whoever has shown who they are on a connection is believed to speak on it from then on (RFC 4559 section 6). */
function createLegacyServer(): Server {
  const people = new WeakMap<Socket, string>()
  return createServer(({ socket, headers }, response) => {
    const [scheme = '', shown] = headers.authorization?.split(' ') ?? []
    if (shown && /^(?:ntlm|negotiate|basic)$/i.test(scheme)) {
      if (scheme !== 'Basic') people.set(socket, shown)
      return void response.end(`you are ${shown}`)
    }
    const known = people.get(socket)
    if (known) return void response.end(`you are ${known}`)
    response.statusCode = 401
    response.setHeader('WWW-Authenticate', ['Negotiate', 'NTLM', 'Basic realm="old"'])
    response.end('who are you?')
  })
}

describe.each(runtimeNames)('%s', (name) => {
  const upstream = createLegacyServer()
  let door: Door
  beforeAll(async () => {
    const rules = [{ path: '/*', access: 'public', pass: { authorization: true } } as const]
    door = await openDoor(name, {
      origins: [{ name: 'app', host: 'app.test', upstream: await listen(upstream), rules }],
    })
  })
  afterAll(async () => {
    await door?.stop()
    upstream.close()
    upstream.closeAllConnections()
  })
  const ask = async (authorization?: string) => {
    const headers: [string, string][] = authorization === undefined ? [] : [['Authorization', authorization]]
    const { message } = await send(door.runtime.port, requestText('GET /', 'app.test', headers))
    if (!message) throw new Error('hung up')
    return message
  }

  it.each(['NTLM ann', 'Negotiate ann', 'ntlm ann'])('"%s" is nobody, and neither is who comes next', async (shown) => {
    expect((await ask(shown)).body).toBe('who are you?')
    expect((await ask()).body).toBe('who are you?')
  })

  it('what is shown with each request passes', async () => {
    expect((await ask('Basic ann')).body).toBe('you are ann')
    expect((await ask()).body).toBe('who are you?')
  })

  it('a browser is asked for nothing that would go no further', async () => {
    expect(valuesOf(await ask(), 'www-authenticate')).toEqual(['Basic realm="old"'])
  })
})
