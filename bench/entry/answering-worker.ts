/** A Worker that only answers 401: what a refusal costs at least, and what an empty Worker takes to start. */

export default {
  fetch: (): Response => new Response(null, { status: 401 }),
}
