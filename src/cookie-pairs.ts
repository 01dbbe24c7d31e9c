/** Takes a `Cookie` header apart, the same way for each cookie of ours. */

/**
 * The pairs of the header (RFC 6265 section 4.2.1), without the space and tab around each: `trim()` would take a no-break
 * space too, and so another name for ours. By loops: a stranger's run of blanks would cost a regular expression its square.
 */
export const cookiePairs = (header: string): string[] => header.split(';').map(trimSpace)

function trimSpace(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isSpace(text[from])) from += 1
  while (to > from && isSpace(text[to - 1])) to -= 1
  return text.slice(from, to)
}

const isSpace = (char: string | undefined): boolean => char === ' ' || char === '\t'
