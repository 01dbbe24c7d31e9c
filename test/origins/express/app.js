/** A small app as Express had them: whoever the server in front names is signed in. Arguments: the port, the file to give. */

import { createHash } from 'node:crypto'
import process from 'node:process'
import express from 'express'

const [, , port, file] = process.argv
const sum = (bytes) => `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}\n`

express()
  .use(express.urlencoded({ extended: false }))
  .use(express.raw({ type: ['multipart/form-data', 'application/octet-stream'], limit: '10mb' }))
  .get('/', (request, response) => {
    const names = (request.get('cookie') ?? '').split(/;\s*/).map((cookie) => cookie.split('=', 1)[0])
    response
      .type('text')
      .send(
        `user: ${request.get('x-remote-user') ?? '-'}\nemail: ${request.get('x-remote-email') ?? '-'}\n` +
          `remote_user: ${request.get('remote-user') ?? request.get('remote_user') ?? '-'}\ncookies: ${names.join(' ')}\n`,
      )
  })
  .get('/guarded', (_, response) => response.type('text').send("nobody's business\n"))
  .post('/note', (request, response) => {
    response.cookie('note', request.body.text, { domain: request.hostname, path: '/', httpOnly: true })
    response.cookie('seen', '1', { path: '/' })
    response.redirect(303, `http://${request.get('host')}/note?kept=1`)
  })
  .get('/note', (request, response) => {
    const [, text] = /(?:^|;\s*)note=([^;]*)/.exec(request.get('cookie') ?? '') ?? []
    response.type('text').send(`note: ${text ?? '-'}\n`)
  })
  .post('/upload', (request, response) => {
    const [, boundary] = /boundary=(.+)$/.exec(request.get('content-type'))
    const text = request.body.toString('latin1')
    const [, name] = /filename="([^"]*)"/.exec(text)
    const begin = text.indexOf('\r\n\r\n') + 4
    const data = request.body.subarray(begin, text.indexOf(`\r\n--${boundary}`, begin))
    response.type('text').send(`${name} ${sum(data)}`)
  })
  .post('/raw', (request, response) => response.type('text').send(`raw ${sum(request.body)}`))
  .get('/download', (_, response) => response.sendFile(file))
  .get('/page', (_, response) => response.type('text').send('A page that is worth compressing.\n'.repeat(200)))
  .use((_, response) => response.status(404).type('text').send('no such page\n'))
  .listen(Number(port), '127.0.0.1')
