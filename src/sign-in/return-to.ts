/** Where a person is sent after signing in: a path of this host, or its home page. */

import { type PathOptions, readTarget } from '../route/path.ts'

const home = '/'
export const maxReturnChars = 1_024

/**
 * The path, query and fragment that were asked for, if they lead nowhere but to this host; else `/`.
 *
 * Judged as a request for it would be (what two servers could read differently is refused), and by the parser that
 * browsers use (WHATWG URL): never by looking for known evil.
 *
 * @param self `https://app.example.com`
 */
export function returnTarget(text: string | null | undefined, self: string, paths: PathOptions): string {
  if (!text || text.length > maxReturnChars || !/^\/[\x21-\x7e]*$/.test(text) || text.includes('\\')) return home
  const [target = '', ...fragments] = text.split('#')
  if (fragments.length > 1 || !readTarget(target, paths).ok) return home
  const url = URL.parse(text, self)
  if (!url || url.origin !== self || url.username || url.password || url.pathname.startsWith('//')) return home
  if (/^\/(?:\.sallyport|\.well-known\/(?:sallyport|oauth-protected-resource))(?:\/|$)/i.test(url.pathname)) return home
  // the parser changed the path: then it isn't the one that was judged
  return `${url.pathname}${url.search}` === target ? text : home
}
