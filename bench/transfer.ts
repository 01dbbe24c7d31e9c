/** Moves one body of 100 MiB through a server, down or up, and takes the time. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { bigBytes } from './origin.ts'

/** @param head a raw request without its body; a POST is followed by one. @returns MiB per second */
export async function transfer(port: number, head: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  const timer = setTimeout(() => socket.destroy(new Error('100 MiB took longer than a minute')), 60_000)
  const isUp = head.startsWith('POST ')
  try {
    const began = performance.now()
    socket.write(head)
    const [statusLine] = await Promise.all([readAnswer(socket, isUp ? 0 : bigBytes), isUp && sendBody(socket)])
    const seconds = (performance.now() - began) / 1000
    if (!isGood(statusLine)) throw new Error(`100 MiB were answered with ${statusLine}`)
    return bigBytes / 2 ** 20 / seconds
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

const isGood = (statusLine: string): boolean => /^HTTP\/1\.1 200 /.test(statusLine)

async function sendBody(socket: Socket): Promise<void> {
  const block = Buffer.alloc(bigBytes / 1600, 'x')
  for (let at = 0; at < 1600; at++) if (!socket.write(block)) await once(socket, 'drain')
}

/** Reads the head and so many bytes after it, which it doesn't keep. @returns the status line */
function readAnswer(socket: Socket, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = ''
    let left = bytes
    socket.on('data', (chunk: Buffer) => {
      let body = chunk.length
      if (!head.includes('\r\n\r\n')) {
        const before = head.length
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        body = end < 0 ? 0 : before + chunk.length - end - 4
      }
      left -= body
      const statusLine = head.slice(0, head.indexOf('\r\n'))
      // a refusal is shorter than what was asked for
      if (head.includes('\r\n\r\n') && (left <= 0 || !isGood(statusLine))) resolve(statusLine)
    })
    socket.on('error', reject).on('close', () => reject(new Error('the connection ended before the body')))
  })
}
