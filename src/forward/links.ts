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
      return rewriteRefresh(value, addresses)
    case 'link':
      return value.replace(/<([^<>]*)>/g, (_, url: string) => `<${publicAddress(url, addresses)}>`)
    default:
      return value
  }
}

/** `5; url="/x"`, the quotes there or not (HTML, shared declarative refresh steps). */
function rewriteRefresh(value: string, addresses: Addresses): string {
  const [, start, rest] = /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(.*)$/i.exec(value.trimEnd()) ?? []
  if (start === undefined || rest === undefined) return value
  const quote = /^(["']).*\1$/.exec(rest)?.[1] ?? ''
  const url = rest.slice(quote.length, rest.length - quote.length)
  return `${start}${quote}${publicAddress(url, addresses)}${quote}`
}
