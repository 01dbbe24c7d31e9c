/** Answers a Request with a Response, on the runtimes whose server speaks fetch: Workers and Deno. */

import type { WaitUntil } from '../authenticate/share.ts'
import type { Forwarding } from '../begun.ts'
import type { Refusal } from '../decision.ts'
import type { Facts } from '../endpoints/facts.ts'
import { isBodiless, type Plan, type UpstreamHead } from '../forward/forward.ts'
import type { Gateway } from '../gateway.ts'
import type { Head, HeaderBag, HeaderPair } from '../head.ts'
import type { Answer } from '../respond.ts'
import { attempt } from './attempt.ts'
import { chunksOf, counted, streamOf } from './held.ts'
import { edit, headersInit, type NativeHeaders } from './native-headers.ts'
import { smallBytes, watchUpload } from './upload.ts'
import { createWatch, type Watch } from './watch.ts'

export interface FetchParts {
  readonly gateway: Gateway
  /** The client's address and scheme, as the platform knows them. */
  facts(request: Request, url: string): Pick<Head, 'scheme' | 'clientAddress'>
  /** Reads the headers of a request, in the way that costs least here. */
  read(headers: Headers): HeaderBag & NativeHeaders
  /**
   * Rejects with whatever `refusalOf` can name. Once the forward is given up nothing more goes to the upstream.
   *
   * @param theirs the client's headers, of which the plan's were made
   */
  send(plan: Plan, body: ReadableStream<Uint8Array> | null, watch: Watch, theirs: NativeHeaders): Promise<Sent>
  /** The runtime itself ends whatever it does for a client that left. */
  readonly endsForsaken?: true
  refusalOf(error: unknown, plan: Plan): Refusal
  /** Shakes hands with the upstream, before the client is told of it. Rejects as `send` does. */
  dial(plan: Plan, request: Request, signal: AbortSignal): Promise<Dialled>
  /** Writes a nonce into the scripts and styles of a page that streams; only where the runtime can. */
  readonly writeNonce?: (page: Response, nonce: string) => Response
}

export interface Sent extends UpstreamHead {
  readonly headers: readonly HeaderPair[]
  readonly body: ReadableStream<Uint8Array> | null
  /** The body, where all of it is here already. */
  readonly whole?: Uint8Array<ArrayBuffer>
  /** What its head and body were read of, where it is the platform's: then the client's answer is a copy of it. */
  readonly response?: Response
}

/** The upstream speaks WebSocket; or it doesn't want to, and what it says instead is an answer like any other. */
export type Dialled =
  | { readonly kind: 'sent'; readonly sent: Sent }
  | {
      readonly kind: 'open'
      readonly headers: readonly HeaderPair[]
      accept(headers: readonly HeaderPair[]): Response
      /** The client isn't let in, or has left. */
      drop(): void
    }

export type FetchHandler = (request: Request, waitUntil: WaitUntil) => Promise<Response>

/** Statuses that have no body (Fetch section 2.2.3). */
const nullBody: ReadonlySet<number> = new Set([101, 204, 205, 304])

export function createFetchHandler(parts: FetchParts): FetchHandler {
  const { gateway } = parts
  return async (request, waitUntil) => {
    const theirs = parts.read(request.headers)
    const head = headOf(request, theirs, parts.facts)
    if (gateway.owns(head))
      return gateway.endpoints.fetch(request, { clientAddress: head.clientAddress, waitUntil } satisfies Facts)
    const begun = await gateway.begin(head, waitUntil)
    if (begun.kind === 'answer') return toResponse(begun.answer, begun.answer.body)
    if (begun.kind === 'forward' && begun.plan.isWebSocket) return join(begun, request)
    if (begun.kind === 'forward') return forward(begun, request, theirs, bodyOf(begun, request))
    const released = await begun.release(chunksOf(request.body))
    if (released.kind === 'answer') return toResponse(released.answer, released.answer.body)
    const length = request.headers.get('content-length')
    // what is large gets its length from the pipe that watches it: of two such pipes in a row workerd moves nothing
    const isSmall = length !== null && Number(length) <= smallBytes
    return forward(released.forwarding, request, theirs, streamOf(released.body, isSmall ? length : null))
  }

  async function join(begun: Forwarding, request: Request): Promise<Response> {
    const { plan } = begun
    const watch = createWatch(plan, () => 0)
    const forget = whenLeft(request, watch)
    const attempted = await attempt(begun, watch, {
      hasBody: false,
      send: async (place) => {
        const dialled = await parts.dial({ ...plan, ...place }, request, watch.signal())
        return dialled.kind === 'sent'
          ? { ...dialled.sent, open: null }
          : { status: 101, headers: dialled.headers, body: null, open: dialled }
      },
      refusalOf: (error) => parts.refusalOf(error, plan),
    })
    watch.end()
    forget()
    if (attempted.kind === 'answer') return toResponse(attempted.answer, attempted.answer.body)
    const { sent } = attempted
    const { answer, isTheirs } = begun.finish(sent)
    if (isTheirs && sent.open) return sent.open.accept(answer.headers)
    if (!isTheirs) {
      sent.open?.drop()
      await sent.body?.cancel()
    }
    return toResponse(answer, isTheirs && !nullBody.has(answer.status) ? sent.body : answer.body)
  }

  async function forward(
    begun: Forwarding,
    request: Request,
    theirs: NativeHeaders,
    body: ReadableStream<Uint8Array> | null,
  ): Promise<Response> {
    const { plan } = begun
    // one that no header told of
    if (body && isBodiless(plan)) {
      const refused = begun.fail({ reason: 'malformed', what: 'body' })
      return toResponse(refused, refused.body)
    }
    let bytes = 0
    const watch = createWatch(plan, () => bytes)
    const forget = parts.endsForsaken ? null : whenLeft(request, watch)
    const note = (more: number): void => {
      bytes += more
    }
    const sent = body && watchUpload(body, request.headers.get('content-length'), plan, watch, note)
    const attempted = await attempt(begun, watch, {
      hasBody: sent !== null,
      send: (place) => parts.send(place === plan ? plan : { ...plan, ...place }, sent, watch, theirs),
      refusalOf: (error) => parts.refusalOf(error, plan),
    })
    // from here on the runtime cancels the body of a client that left
    forget?.()
    if (attempted.kind === 'answer') return toResponse(attempted.answer, attempted.answer.body)
    const upstream = attempted.sent
    const { answer, isTheirs } = begun.vouch ? await begun.vouch(upstream) : begun.finish(upstream)
    watch.answered()
    if (!isTheirs || nullBody.has(answer.status)) {
      watch.end()
      // one that broke off by now can't be cancelled, and needn't be
      await upstream.body?.cancel().catch(() => undefined)
      return toResponse(answer, answer.body)
    }
    if (upstream.whole) {
      watch.end()
      return toResponse(answer, upstream.whole)
    }
    const dress = (response: Response): Response =>
      answer.nonce && parts.writeNonce ? parts.writeNonce(response, answer.nonce) : response
    if (plan.timeouts.idleSeconds === null && plan.timeouts.totalSeconds === null)
      return dress(passOn(answer, upstream, upstream.body))
    const through = counted(chunksOf(upstream.body), note)
    const contentLength = answer.headers.find(([name]) => name === 'content-length')?.[1] ?? null
    return dress(passOn(answer, upstream, streamOf(endingWith(through, watch.end), contentLength)))
  }
}

/** Gives up for a client that leaves, or that left while it was decided about. @returns what stops that */
function whenLeft({ signal }: Request, watch: Watch): () => void {
  const leave = (): void => watch.giveUp(null)
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  return () => signal.removeEventListener('abort', leave)
}

const bodyOf = ({ plan }: Forwarding, { headers, body }: Request): ReadableStream<Uint8Array> | null =>
  plan.isBare || headers.get('content-length') === '0' ? null : body

async function* endingWith(chunks: AsyncIterable<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } finally {
    end()
  }
}

const toResponse = (
  answer: Answer,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string | null,
): Response =>
  new Response(nullBody.has(answer.status) ? null : body, {
    status: answer.status,
    headers: headersInit(answer.headers),
  })

/** The upstream's answer, as the client is to have it. */
function passOn(answer: Answer, { response, headers }: Sent, body: ReadableStream<Uint8Array> | null): Response {
  if (!response) return toResponse(answer, body)
  const passed = new Response(body, response)
  edit(passed.headers, headers, answer.headers)
  return passed
}

/** Cuts the URL at its slashes: parsing it would normalise what has to be judged. */
function headOf(request: Request, headers: HeaderBag, factsOf: FetchParts['facts']): Head {
  const { url, method } = request
  const from = url.indexOf('://') + 3
  const slash = url.slice(from).search(/[/?#]/)
  const to = slash < 0 ? url.length : from + slash
  const rest = url.slice(to)
  // a Host that goes on after its name is part of the URL by now: `h/public/?x=` before `/admin`
  const isName = !/[/?#\\@]/.test(headers.get('host') ?? '')
  return {
    method,
    headers,
    host: isName ? url.slice(from, to) : '',
    target: rest.startsWith('/') ? rest : `/${rest}`,
    ...factsOf(request, url),
  }
}
