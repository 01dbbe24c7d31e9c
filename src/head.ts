/** What is read of a request before its body: all that deciding and forwarding work on. */

export interface Head {
  readonly method: string
  /** As the platform knows it, never as a header says. */
  readonly scheme: 'http' | 'https'
  /** `Host`, or `:authority`: a name, perhaps a port. */
  readonly host: string
  /** Path and query as they were sent. */
  readonly target: string
  readonly headers: HeaderBag
  /** The client as the platform knows it; null where it doesn't. */
  readonly clientAddress: string | null
}

/** One header. What passes untouched stays the very same pair: a runtime may tell by that what has to be changed. */
export type HeaderPair = readonly [name: string, value: string]

/** The little that is asked of headers: names in lower case, several of one name joined by a comma. */
export interface HeaderBag extends Iterable<HeaderPair> {
  get(name: string): string | null
}

/**
 * A name or an address in brackets, perhaps with a port, of which this runtime can make a URL: with a port past the last
 * one, or with Punycode that is none, some can't.
 */
export const isHost = (host: string): boolean =>
  hostForm.test(host) && (!isDoubtful.test(host) || URL.canParse(`http://${host}`))

const hostForm = /^[\w.-]{1,255}(?::\d{1,5})?$|^\[[\da-f:.]{2,64}\](?::\d{1,5})?$/i
const isDoubtful = /xn--|[:[]|\d\.?$/i

/** `https://app.example.com`, as a page of this host has it for its origin (HTML section 7.1.1). */
export function selfOrigin(head: Pick<Head, 'scheme' | 'host'>): string {
  const host = head.host.toLowerCase()
  return `${head.scheme}://${host.replace(head.scheme === 'https' ? /:443$/ : /:80$/, '')}`
}

/**
 * Headers as they came in, doubles and all. A dozen are found faster by walking the list than through a map or a host
 * object; each request walks it thirty times, so by index: to take pairs apart in a loop head costs three times as much.
 */
export function bagOf(pairs: readonly HeaderPair[]): HeaderBag {
  return {
    get(name) {
      let found: string | null = null
      for (const pair of pairs) {
        const other = pair[0]
        if (other.length === name.length && other === name)
          found = found === null ? pair[1] : `${found}${name === 'cookie' ? '; ' : ', '}${pair[1]}`
      }
      return found
    },
    [Symbol.iterator]: () => pairs[Symbol.iterator](),
  }
}

/** Names and values in turn: `flat()` takes several times as long. */
export function inTurn(pairs: readonly HeaderPair[]): string[] {
  const list: string[] = []
  for (const pair of pairs) list.push(pair[0], pair[1])
  return list
}
