/** What a rule says for the browser's sake, with nothing left to inherit: the shield reads it on every request. */

export interface Shield {
  readonly cors: Cors | null
  readonly csrf: Csrf
  readonly headers: HeaderTable
}

export interface Cors {
  readonly origins: '*' | ReadonlySet<string>
  readonly credentials: boolean
  readonly methods: ReadonlySet<string> | null
  readonly headers: readonly string[]
  readonly expose: readonly string[]
  readonly maxAgeSeconds: number
}

export interface Csrf {
  readonly exempt: boolean
  readonly origins: ReadonlySet<string>
  /** `Sec-Fetch-Site: same-site` is enough. */
  readonly siblings: boolean
}

export interface HeaderTable {
  /** Lower-case name and value. */
  readonly set: readonly (readonly [string, string])[]
  readonly setIfAbsent: readonly (readonly [string, string])[]
  readonly remove: ReadonlySet<string>
}
