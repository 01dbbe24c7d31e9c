/** An address that a path can be appended to: http or https, and nothing after its own path. */

/** True without user, query or fragment, not even empty ones: `https://h?` and then `/admin` would be a query. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:\/\/[^/\\?#@\s][^\\?#@\s]*$/i.test(text) && !url.username && !url.password
}
