/** Writes a nonce into a page as it streams through, with the rewriter that Workers have. */

interface Element {
  setAttribute(name: string, value: string): void
}

interface Rewriter {
  on(selector: string, handlers: { element(element: Element): void }): Rewriter
  transform(response: Response): Response
}

declare const HTMLRewriter: new () => Rewriter

/**
 * Every script and style that the upstream wrote into the page gets the nonce, those too that someone else got it
 * to write: what it stops is what comes later, and attributes that run.
 */
export function writeNonce(page: Response, nonce: string): Response {
  const element = (found: Element): void => found.setAttribute('nonce', nonce)
  return new HTMLRewriter()
    .on('script', { element })
    .on('style', { element })
    .on('link[rel~="stylesheet" i]', { element })
    .on('link[rel~="preload" i]', { element })
    .on('link[rel~="modulepreload" i]', { element })
    .transform(page)
}
