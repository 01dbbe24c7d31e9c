/** Random hexadecimal digits, drawn from the platform a page at a time: to ask for each few costs more than they do. */

/** @returns twice as many digits as bytes, never the same ones again */
export type RandomHex = (bytes: number) => string

const pageBytes = 2_048

export function createRandomHex(): RandomHex {
  const page = new Uint8Array(pageBytes)
  let at = pageBytes
  return (bytes) => {
    if (at + bytes > pageBytes) {
      crypto.getRandomValues(page)
      at = 0
    }
    let text = ''
    for (const end = at + bytes; at < end; at++) text += digits[page[at] ?? 0]
    return text
  }
}

const digits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** A UUID, version 4 (RFC 9562 section 5.4). */
export function makeUuid(random: RandomHex): string {
  const hex = random(16)
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3]
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
