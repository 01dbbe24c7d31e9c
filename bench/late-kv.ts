/** Workers KV with the lateness that a local one lacks, as workerd asks for it. */

import { createServer, type Server } from 'node:http'

/**
 * What one location has read, absences too, it reads again for so long, whatever was written since: by itself as well,
 * which is the worst that KV may do.
 *
 * @param texts what all locations write to
 */
export function createLateKv(texts: Map<string, string>, stalenessSeconds: number): Server {
  const cached = new Map<string, { readonly text: string | null; readonly until: number }>()
  return createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://kv')
    const key = decodeURIComponent(url.pathname.slice(1))
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.method === 'PUT') texts.set(key, body)
    if (request.method === 'DELETE') texts.delete(key)
    if (request.method === 'PUT' || request.method === 'DELETE') return void response.end()
    if (key === 'bulk/get') {
      const { keys } = JSON.parse(body) as { keys: string[] }
      return void response.end(JSON.stringify(Object.fromEntries(keys.map((name) => [name, read(name)]))))
    }
    if (key === '') {
      const prefix = url.searchParams.get('prefix') ?? ''
      const keys = [...texts.keys()].filter((name) => name.startsWith(prefix)).map((name) => ({ name }))
      return void response.end(JSON.stringify({ keys, list_complete: true }))
    }
    const text = read(key)
    response.statusCode = text === null ? 404 : 200
    response.end(text)
  })

  function read(key: string): string | null {
    const last = cached.get(key)
    if (last && performance.now() < last.until) return last.text
    const text = texts.get(key) ?? null
    cached.set(key, { text, until: performance.now() + stalenessSeconds * 1_000 })
    return text
  }
}
