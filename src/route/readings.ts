/** Every way in which servers are known to read one path: a rule is met only if all of them meet it. */

export type Segments = readonly string[]

type Reread = (segments: Segments) => Segments | null

/** More ways than any honest path has. */
const maxReadings = 64

/**
 * The decoded segments as they stand, and as servers that fold, cut or split more than others read them.
 *
 * A reading that alters segments one by one is taken of all of them at once. That suffices, because the literals
 * of a rule have one reading only (pattern.ts sees to it): a rule met halfway is met at the end too.
 *
 * @param onWindows the file system folds case and what a code page can't hold
 * @returns null if there are more readings than anyone could mean
 */
export function readingsOf(decoded: Segments, onWindows: boolean): readonly Segments[] | null {
  let readings: Segments[] = [decoded]
  for (const reread of onWindows ? windowsRereadings : rereadings) {
    readings = readings.flatMap((reading) => {
      const other = reread(reading)
      return other ? [reading, other] : [reading]
    })
    if (readings.length > maxReadings) return null
  }
  return readings
}

/** Applies a reading to each segment; null where it changes nothing. */
const each =
  (read: (segment: string) => string): Reread =>
  (segments) => {
    const other = segments.map(read)
    return other.some((segment, at) => segment !== segments[at]) ? other : null
  }

/** Ends the path at the first segment that holds the mark. */
const endAt =
  (mark: string): Reread =>
  (segments) => {
    const at = segments.findIndex((segment) => segment.includes(mark))
    const last = segments[at]
    return last === undefined ? null : [...segments.slice(0, at), last.slice(0, last.indexOf(mark))]
  }

/** `/(S(lit3py55t21z5v55vlm25s55))`, `/(A(…)S(…))`, or the id alone in parentheses, which is how it was at first. */
const sessionInPath = /\/\((?:(?:[a-z]\([^()/]*\))+|[a-z\d]{24})\)/gi

/** A second time: what is left may be another one, and more than one part of the server looks. */
const withoutSession = (path: string): string => path.replace(sessionInPath, '').replace(sessionInPath, '')

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

/** One form for what Unicode has several for: `é` in two characters, `ａ` in full width, a letter with nothing after it. */
const compatible = (text: string): string =>
  isAscii(text)
    ? text
    : text
        .normalize('NFKC')
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
        .replaceAll('\\', '/')

/** What code pages of Windows take for a letter, a hyphen or a slash that they lack (the best-fit tables). */
const bestFits: ReadonlyMap<string, string> = new Map(
  'γg θt σs ςs φf ωo αa δd εe πp τt łl đd ħh ŧt ıi ɡg øo ðd æa ſs ∕/ ⁄/ ∖/ ¥/ ₩/ ∶: ∼~ ‐- –- —- −- \u00ad-'
    .split(' ')
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
)

const bestFit = (text: string): string =>
  isAscii(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .toUpperCase()
        .toLowerCase()
        .replace(/[^\x20-\x7e]/gu, (letter) => bestFits.get(letter) ?? letter)

const rereadings: readonly Reread[] = [
  each(compatible),
  // decodes %2F before it splits
  (segments) => (segments.some((x) => x.includes('/')) ? segments.flatMap((x) => x.split('/')) : null),
  // takes out the session that ASP.NET keeps in the path, with the slash before it: `/ad/(S(x))min` is `/admin`
  (segments) => {
    const path = `/${segments.join('/')}`
    const rest = withoutSession(path)
    if (rest === path) return null
    return rest === '' ? [] : rest.slice(1).split('/')
  },
  // ends the path at the first path parameter (`uri.indexOf(';')` in many a servlet filter), or cuts them off
  endAt(';'),
  each((segment) => segment.replace(/;.*$/s, '')),
  // decodes %3F or %23 before it looks for the query or the fragment
  endAt('?'),
  endAt('#'),
  // drops trailing dots and space, as Windows does, or all space around, as `trim()` does; hasDots sees what is left
  each((segment) => segment.replace(/^\s+(?=\S)/, '').replace(/(?<=[^.\s])[.\s]+$/, '')),
  // takes `//name/rest` for another host's `/rest` (RFC 3986 section 4.2), as `new URL(path, base)` does
  (segments) => {
    const at = segments[0] === '' ? segments.findIndex((x) => x !== '') : -1
    return at < 0 ? null : segments.slice(at + 1)
  },
  // folds empty segments, the last one too
  (segments) => (segments.includes('') ? segments.filter((x) => x !== '') : null),
]

const windowsRereadings: readonly Reread[] = [
  each(bestFit),
  ...rereadings.slice(0, 1),
  each(bestFit),
  ...rereadings.slice(1),
]
