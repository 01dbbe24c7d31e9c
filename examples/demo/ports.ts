/** Takes the port that is wanted, or says that it is taken and takes another. */

import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

export type Say = (line: string) => void

/**
 * A port for a process that binds it by itself: free a moment ago, and not given to another caller of this function.
 *
 * @param who for the line that says which port is taken
 */
export async function findPort(wanted: number, who: string, say: Say, given: Set<number>): Promise<number> {
  if (!given.has(wanted) && (await isFree(wanted))) {
    given.add(wanted)
    return wanted
  }
  for (let tries = 0; tries < 20; tries++) {
    const port = await anyPort()
    if (given.has(port)) continue
    given.add(port)
    say(`Port ${wanted} is taken; the ${who} takes ${port} instead.`)
    return port
  }
  throw new Error(`no free port for the ${who}`)
}

/** Listens on 127.0.0.1, which nobody outside this machine can reach. */
export const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })

/** Browsers and curl try `::1` first for `localhost`: a stranger there would get what is meant for us. */
const isFree = async (port: number): Promise<boolean> => (await binds(port, '127.0.0.1')) && (await binds(port, '::1'))

function binds(port: number, host: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE' && host === '::1'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * A port that nobody listens at just now, and that nobody is given by chance: whoever asks the system for any port, or
 * connects, gets a higher one (from 32768 on Linux, from 49152 elsewhere).
 */
export async function anyPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
  throw new Error('no free port between 20000 and 32000')
}
