/** A browser as far as sign-in needs one: it keeps cookies, navigates, and stops at every redirect. */

import { request as send } from 'undici'

export type Ask = (request: Request) => Promise<Response> | Response

export interface Visitor {
  /** Name → value, of this visitor's cookies at one host. */
  cookies(url: string): Map<string, string>
  /** One request; a redirect isn't followed. */
  go(url: string, init?: RequestInit): Promise<Response>
  /** Follows redirects until `stop` says so, or there is none. */
  follow(url: string, stop?: (url: URL) => boolean): Promise<{ readonly url: URL; readonly response: Response | null }>
}

const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

export function createVisitor(ask: Ask = overSockets): Visitor {
  const jars = new Map<string, Map<string, string>>()
  const visitor: Visitor = {
    cookies(url) {
      const { host } = new URL(url)
      const jar = jars.get(host) ?? new Map()
      jars.set(host, jar)
      return jar
    },
    async go(url, init = {}) {
      const jar = visitor.cookies(url)
      const headers = new Headers({ ...navigation, ...Object.fromEntries(new Headers(init.headers)) })
      if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
      const response = await ask(new Request(url, { ...init, headers, redirect: 'manual' }))
      for (const text of response.headers.getSetCookie()) {
        const [pair = '', ...attributes] = text.split(/; ?/)
        const at = pair.indexOf('=')
        const isGone = attributes.some((part) => /^max-age=0$/i.test(part) || /^expires=thu, 01 jan 1970/i.test(part))
        if (isGone) jar.delete(pair.slice(0, at))
        else jar.set(pair.slice(0, at), pair.slice(at + 1))
      }
      return response
    },
    async follow(url, stop = () => false) {
      let at = new URL(url)
      for (let steps = 0; steps < 20; steps++) {
        if (stop(at)) return { url: at, response: null }
        const response = await visitor.go(at.href)
        const location = response.headers.get('location')
        if (location === null) return { url: at, response }
        await response.body?.cancel()
        at = new URL(location, at)
      }
      throw new Error(`round and round: ${at.href}`)
    },
  }
  return visitor
}

/** Not by fetch: that one writes `Sec-Fetch-Mode: cors` whatever it is told. */
export async function overSockets(request: Request): Promise<Response> {
  const { statusCode, headers, body } = await send(request.url, {
    method: request.method as 'GET',
    headers: Object.fromEntries(request.headers),
    body: request.body ? await request.text() : null,
  })
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  )
  const text = await body.text()
  return new Response([204, 304].includes(statusCode) ? null : text, { status: statusCode, headers: pairs })
}
