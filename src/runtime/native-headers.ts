/** Reads headers of the platform, and makes such of lists. On workerd a copy of all, changed in a few places, costs less than putting in each. */

import { bagOf, type HeaderBag, type HeaderPair } from '../head.ts'

/** Headers of the platform, and the list of what they say: pairs that others pass on as they are, or leave out. */
export interface NativeHeaders {
  readonly native: Headers
  readonly pairs: () => readonly HeaderPair[]
}

/** What headers of the platform say; `Set-Cookie` one by one. By `forEach`: an iterator costs workerd twice as much. */
export function pairsOf(headers: Headers): HeaderPair[] {
  const pairs: HeaderPair[] = []
  headers.forEach((value, name) => {
    pairs.push([name, value])
  })
  return pairs
}

/** A request's headers, each asked for by itself until somebody wants all: who is refused costs no more than was looked at. */
export function lazyBag(native: Headers): HeaderBag & NativeHeaders {
  let all: HeaderPair[] | null = null
  let bag: HeaderBag = native
  const pairs = (): HeaderPair[] => {
    if (all === null) {
      all = pairsOf(native)
      bag = bagOf(all)
    }
    return all
  }
  return { native, pairs, get: (name) => bag.get(name), [Symbol.iterator]: () => pairs()[Symbol.iterator]() }
}

/** The same, read at once, where the platform takes long to find one by its name. */
export function readBag(native: Headers): HeaderBag & NativeHeaders {
  const all = pairsOf(native)
  return { ...bagOf(all), native, pairs: () => all }
}

/** Appended one by one: of a list of pairs workerd makes headers at three times the cost. */
export function headersOf(pairs: readonly HeaderPair[]): Headers {
  const headers = new Headers()
  for (const [name, value] of pairs) headers.append(name, value)
  return headers
}

/** The same where a platform has yet to make headers of it: a plain object is read in one go, if each name is there once. */
export function headersInit(pairs: readonly HeaderPair[]): Headers | Record<string, string> {
  const init: Record<string, string> = {}
  for (const pair of pairs) {
    // there already, or a name that objects have of themselves, such as `__proto__`: some platforms lose it
    if (init[pair[0]] !== undefined) return headersOf(pairs)
    init[pair[0]] = pair[1]
  }
  return init
}

/** @returns headers that say what the list says: a copy of those it was made of, edited */
export function edited({ native, pairs }: NativeHeaders, wanted: readonly HeaderPair[]): Headers {
  const copy = new Headers(native)
  edit(copy, pairs(), wanted)
  return copy
}

/**
 * Makes `headers` say what the list says.
 *
 * @param had what they say so far, pair by pair: a pair that is wanted too is left alone
 */
export function edit(headers: Headers, had: readonly HeaderPair[], wanted: readonly HeaderPair[]): void {
  const stays = memberOf(wanted)
  const wasThere = memberOf(had)
  let gone: string[] | null = null
  for (const pair of had) {
    if (stays(pair)) continue
    headers.delete(pair[0])
    gone ??= []
    gone.push(pair[0])
  }
  // with one of a name all of that name went
  for (const pair of wanted) if (!wasThere(pair) || gone?.includes(pair[0])) headers.append(pair[0], pair[1])
}

/** The very same pair, not one that says the same. A short list is walked faster than a set is made. */
function memberOf(pairs: readonly HeaderPair[]): (pair: HeaderPair) => boolean {
  if (pairs.length < 100) return (pair) => pairs.includes(pair)
  const set = new Set(pairs)
  return (pair) => set.has(pair)
}
