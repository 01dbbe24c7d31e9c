/** What a platform knows of a request, and the request doesn't say: handed to our endpoints beside it. */

import type { Context } from 'hono'

export interface Facts {
  /** The client as the platform knows it; null where it doesn't. */
  readonly clientAddress: string | null
}

/** Of a request that came without any (in a test), nothing is known. */
export function factsOf({ env }: Context): Facts {
  const facts: Partial<Facts> | undefined = env
  return { clientAddress: facts?.clientAddress ?? null }
}
