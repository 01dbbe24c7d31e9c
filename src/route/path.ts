/** Reads a request target: canonical, or refused. A path two servers could read differently never goes further. */

import type { PathFault } from '../decision.ts'
import { err, ok, type Result } from '../result.ts'
import { readingsOf, type Segments } from './readings.ts'

/** What an origin opts in to; each is off unless written. */
export interface PathOptions {
  /** The origin tells `/a%2Fb` from `/a/b`. */
  readonly encodedSlash: boolean
  /** The origin takes `;name=value` in a segment (servlets, old CGI). */
  readonly pathParameters: boolean
  /** The origin takes `//`. */
  readonly emptySegments: boolean
  /** The origin folds case and trailing dots (IIS, Windows file systems). */
  readonly caseInsensitive: boolean
}

export const strictPaths: PathOptions = {
  encodedSlash: false,
  pathParameters: false,
  emptySegments: false,
  caseInsensitive: false,
}

/** A target that may be matched and forwarded; `path` and `search` are the client's own bytes. */
export interface Target {
  readonly path: string
  /** From the `?` on, or empty. */
  readonly search: string
  /**
   * Every way in which a server could read the path, as decoded segments; the plain one first.
   * A rule is met only if all of them meet the same one.
   */
  readonly readings: readonly Segments[]
}

export const maxTargetBytes = 16_384
const maxPathBytes = 8_192
const maxSegments = 256

const notInTarget = /[^\x21-\x7e]/
const plain = /^(?:\/[\w~!$&'()*+,=:@|[\]-][\w~!$&'()*+,=:@|[\].-]*)*\/?$/
const endsInDot = /[. ](?:\/|$)/
const escapedCase = /[\u0130\u0131\u017f\u212a]/

/**
 * Reads `/path?query` as the client sent it.
 *
 * @returns the target, `'too long'` (past 16 KiB, a path past 8 KiB or 256 segments), or what is wrong with it.
 *   RFC 3986 section 3.3 says what a path is, section 6.2.2 what makes two of them the same.
 */
export function readTarget(raw: string, options: PathOptions): Result<Target, PathFault | 'too long'> {
  if (raw.length > maxTargetBytes) return err('too long')
  if (raw[0] !== '/') return err('not a path')
  if (notInTarget.test(raw)) return err(hasControl(raw) ? 'control character' : 'raw character')
  if (raw.includes('#')) return err('fragment')
  const mark = raw.indexOf('?')
  const path = mark < 0 ? raw : raw.slice(0, mark)
  const search = mark < 0 ? '' : raw.slice(mark)
  if (path.length > maxPathBytes) return err('too long')
  if (plain.test(path) && !endsInDot.test(path) && !path.includes('/(') && !options.caseInsensitive) {
    const segments = splitPath(path)
    return segments.length > maxSegments ? err('too long') : ok({ path, search, readings: [segments] })
  }
  const readings = readPath(path, options)
  return readings.ok ? ok({ path, search, readings: readings.value }) : readings
}

/** The segments of a rule's literal path, folded as the origin folds those of a request. */
export function foldSegment(segment: string, options: PathOptions): string {
  return options.caseInsensitive ? segment.toLowerCase() : segment
}

function readPath(path: string, options: PathOptions): Result<readonly Segments[], PathFault | 'too long'> {
  const fault = faultInBytes(path, options)
  if (fault) return err(fault)
  const raw = splitPath(path)
  if (raw.length > maxSegments) return err('too long')
  const decoded = decodeAll(raw, options)
  if (!decoded.ok) return decoded
  if (!options.emptySegments && decoded.value.includes('')) return err('empty segment')
  const readings = readingsOf(decoded.value, options.caseInsensitive)
  // a servlet container cuts parameters off before it decodes: an encoded semicolon is part of the name then
  const named = path.includes(';') ? decodeAll(raw.map(withoutParameters), options) : ok([])
  if (!named.ok) return named
  const others = named.value.length > 0 ? readingsOf(named.value, options.caseInsensitive) : []
  if (!readings || !others) return err('readings differ')
  const all = [...readings, ...others]
  if (all.some(hasDots)) return err('dot segment')
  return options.caseInsensitive && all.some(hasWindowsName) ? err('windows name') : ok(all)
}

const withoutParameters = (segment: string): string => segment.replace(/;.*$/s, '')

function decodeAll(segments: Segments, options: PathOptions): Result<string[], PathFault> {
  const decoded: string[] = []
  for (const segment of segments) {
    const text = decode(segment)
    if (text === null) return err('invalid percent-encoding')
    // C1 controls: two bytes in UTF-8, and a line's end to some
    if (/[\x80-\x9f]/.test(text)) return err('encoded control character')
    if (options.caseInsensitive && escapedCase.test(text)) return err('case')
    decoded.push(foldSegment(text, options))
  }
  return ok(decoded)
}

function faultInBytes(path: string, options: PathOptions): PathFault | null {
  if (path.includes('\\')) return 'backslash'
  if (/["<>^`{}]/.test(path)) return 'raw character'
  if (!options.pathParameters && path.includes(';')) return 'path parameter'
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 1)) {
    const hex = path.slice(at + 1, at + 3)
    if (!/^[0-9a-f]{2}$/i.test(hex)) return 'invalid percent-encoding'
    const fault = faultInEscape(Number.parseInt(hex, 16), path.slice(at + 3, at + 8), options)
    if (fault) return fault
  }
  return null
}

function faultInEscape(code: number, next: string, options: PathOptions): PathFault | null {
  if (code < 0x20 || code === 0x7f) return 'encoded control character'
  if (code === 0x5c) return 'encoded backslash'
  if (code === 0x2f) return options.encodedSlash ? null : 'encoded slash'
  // `%u002e` is how ASP writes a dot
  if (code === 0x25) return /^(?:[0-9a-f]{2}|u[0-9a-f]{4}$)/i.test(next) ? 'double encoding' : null
  // RFC 3986 section 6.2.2.2: unreserved characters have no business being encoded
  return /[\w.~-]/.test(String.fromCharCode(code)) ? 'needless encoding' : null
}

/** The segments between the slashes; a trailing slash adds none, so `/a/` and `/a` meet the same rule. */
function splitPath(path: string): string[] {
  const segments = path.slice(1).split('/')
  if (segments.at(-1) === '') segments.pop()
  return segments
}

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** A name of dots alone, whatever some server would cut off behind it. */
const hasDots = (segments: Segments): boolean => segments.some((segment) => /^[.\s]+(?:[;?#]|$)/.test(segment))

/** A stream (`admin::$DATA`) or a short name (`ADMINI~1`): the file system's other names for what a rule guards. */
export const hasWindowsName = (segments: Segments): boolean => segments.some((segment) => /:|~\d/.test(segment))

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const hasControl = (text: string): boolean => /[\x00-\x1f\x7f]/.test(text)
