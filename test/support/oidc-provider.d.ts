/** The little of oidc-provider that the tests and the demo use: it brings no types. */

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    on(event: string, listener: (...facts: unknown[]) => void): this
    proxy: boolean
  }
  export default Provider
}
