/** The little of oidc-provider that the tests and the demo use: it brings no types. */

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export class Provider {
    constructor(issuer: string, configuration: object)
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    /** Rejects for a sign-in that isn't under way in this browser. */
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
    on(event: string, listener: (...facts: unknown[]) => void): this
    use(step: (context: { oidc?: { body?: object } }, next: () => Promise<void>) => Promise<void>): this
    proxy: boolean
    readonly Grant: new (of: {
      clientId: string
      accountId: string
    }) => Grant
  }
  export interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }
  export default Provider
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  /** @param clockToleranceSeconds for so much longer things are kept */
  export function createMemoryAdapter(clockToleranceSeconds: number): new (name: string) => object
}
