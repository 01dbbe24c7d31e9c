/** What the reference says of a key: the form of every table beside this file. */

export interface Entry {
  /** What may be written, in the words of TypeScript. */
  readonly type: string
  /** What holds where it isn't written; `required` where it must be. */
  readonly otherwise: string
  readonly meaning: string
  readonly example: string
}

/** One entry for each key of `T`: a key of the schema without one doesn't compile. */
export type Entries<T> = { readonly [K in keyof Required<T>]: Entry }

/** Entry by entry, in one line. */
export const entry = (type: string, otherwise: string, meaning: string, example: string): Entry => ({
  type,
  otherwise,
  meaning,
  example,
})
