/** Turns the upstream's address into the public one where answers speak of addresses. */

import { type Addresses, publicAddress } from './address.ts'

/**
 * Headers whose value is one address (RFC 9110 sections 8.7 and 10.2.2), or holds some (RFC 8288; `Refresh`: HTML).
 *
 * @param name in lower case
 */
export function rewriteLink(name: string, value: string, addresses: Addresses): string {
  switch (name) {
    case 'location':
    case 'content-location':
      return publicAddress(value, addresses)
    case 'refresh':
      return value.replace(
        /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(["']?)(.*?)\2\s*$/i,
        (_, start: string, quote: string, url: string) => `${start}${quote}${publicAddress(url, addresses)}${quote}`,
      )
    case 'link':
      return value.replace(/<([^>]*)>/g, (_, url: string) => `<${publicAddress(url, addresses)}>`)
    default:
      return value
  }
}
