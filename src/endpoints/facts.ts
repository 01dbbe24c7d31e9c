/** What a platform knows of a request, and the request doesn't say: handed to our endpoints beside it. */

import type { Context } from 'hono'
import type { WaitUntil } from '../authenticate/share.ts'

export interface Facts {
  /** The client as the platform knows it; null where it doesn't. */
  readonly clientAddress: string | null
  /** Lets work go on that outlives the answer. */
  readonly waitUntil: WaitUntil
}

/** Of a request that came without any (in a test), nothing is known. */
export function factsOf({ env }: Context): Facts {
  const facts: Partial<Facts> | undefined = env
  return { clientAddress: facts?.clientAddress ?? null, waitUntil: facts?.waitUntil ?? letGo }
}

const letGo: WaitUntil = (work) => void work.catch(() => undefined)
