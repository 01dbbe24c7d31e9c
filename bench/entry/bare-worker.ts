/** workerd by itself: forwards the request as it is, and does nothing else. The limit there. */

interface Env {
  readonly ORIGIN: string
  readonly SINK: string
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const target = request.url.slice(request.url.indexOf('/', 8))
    return fetch((request.method === 'POST' ? env.SINK : env.ORIGIN) + target, request)
  },
}
