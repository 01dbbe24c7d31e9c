/** What a rule says for the browser's sake, with nothing left to inherit: the shield reads it on every request. */

export interface Shield {
  /** null: no page of another origin may read anything. */
  readonly cors: Cors | 'upstream' | null
  readonly csrf: Csrf
  readonly headers: HeaderTable
  /** `report`: what access, CSRF and CORS would refuse is logged, and let through. */
  readonly mode: 'enforce' | 'report'
}

/** The pairs go into answers as they stand: nobody changes one. */
export type HeaderList = readonly [name: string, value: string][]

export interface Cors {
  readonly origins: '*' | OriginSet
  readonly credentials: boolean
  /** null: every method that the rule takes. */
  readonly methods: ReadonlySet<string> | null
  /** Request headers, in lower case. */
  readonly headers: ReadonlySet<string>
  readonly privateNetwork: boolean
  /** What a page that may read finds on every answer, besides who may. */
  readonly shared: HeaderList
  /** What a preflight that is granted says besides. */
  readonly granted: HeaderList
}

/** Origins of pages: some whole, some with a star for one or more labels. */
export interface OriginSet {
  readonly exact: ReadonlySet<string>
  readonly families: readonly OriginFamily[]
}

/** `https://*.example.com:8443` → `https://` and `.example.com:8443`. */
export interface OriginFamily {
  readonly scheme: string
  readonly suffix: string
}

export interface Csrf {
  readonly exempt: boolean
  readonly origins: OriginSet
  /** `Sec-Fetch-Site: same-site` is enough. */
  readonly siblings: boolean
  /** A browser that says nothing of where it comes from may show a token instead. */
  readonly token: boolean
}

/** Names in lower case. */
export interface HeaderTable {
  readonly set: HeaderList
  readonly setIfAbsent: HeaderList
  /** What the upstream may not say: removed, or replaced by what is set. */
  readonly drop: ReadonlySet<string>
  /** The policy of a page whose scripts and styles get a nonce. */
  readonly nonce: NoncePolicy | null
  /** Reports of violations are asked for. */
  readonly reports: boolean
}

export interface NoncePolicy {
  readonly name: string
  /** What stands around the nonce. */
  readonly around: readonly string[]
  /** For what is no page. */
  readonly plain: string
}
