/** The little that is used of the module that workerd brings along. */
declare module 'cloudflare:workers' {
  export class DurableObject {
    constructor(state: unknown, env: unknown)
  }
  export const env: Record<string, unknown>
}
