/** Keeps an answer that was meant for one person out of every cache that others share. */

/**
 * `Cache-Control` for an answer to a request that carried, or could have carried, a credential (RFC 9111
 * section 5.2.2): `no-store` where the upstream said nothing, else its own words with `private` for what
 * shared caches would take from them.
 */
export function privateCacheControl(upstream: string | null): string {
  // field names in quotes: private for those alone, which is too little
  if (!upstream || upstream.includes('"')) return 'no-store'
  const directives = upstream
    .split(',')
    .map((directive) => directive.trim().toLowerCase())
    .filter((directive) => directive !== '' && !/^(?:public|s-maxage|proxy-revalidate|private)\b/.test(directive))
  return directives.includes('no-store') ? directives.join(', ') : ['private', ...directives].join(', ')
}
