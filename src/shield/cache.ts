/** Keeps an answer that was meant for one person out of every cache that others share. */

const targeted: ReadonlySet<string> = new Set(['surrogate-control', 'edge-control', 'x-accel-expires'])

/** True for a header that tells shared caches more, or else, than `Cache-Control` does (RFC 9213), and that they obey first. */
export const isForSharedCaches = (name: string): boolean => name.endsWith('-cache-control') || targeted.has(name)

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
