/** Writes a Content-Security-Policy out of its directives. */

/** As the schema lets them pass: sources, or true for a directive that takes none. */
export type Directives = Readonly<Record<string, readonly string[] | true | undefined>>

export interface Policy {
  readonly directives: Directives
  readonly reportOnly: boolean
  readonly nonce: boolean
  readonly reports: boolean
}

export interface WrittenPolicy {
  /** In lower case. */
  readonly name: string
  readonly value: string
  /** What stands around the nonce, wherever one belongs; null: it takes none. */
  readonly aroundNonce: readonly string[] | null
}

export const reportsPath = '/.sallyport/reports'
/** Reporting API section 3.2: by this name a policy finds where its reports go. */
export const reportingEndpoints: readonly [string, string] = ['reporting-endpoints', `sallyport="${reportsPath}"`]

const mark = '\0'

export function writePolicy({ directives, reportOnly, nonce, reports }: Policy): WrittenPolicy {
  const all: Directives = nonce ? withNonce(directives) : directives
  const parts = Object.entries(all).flatMap(([name, sources]) => {
    if (sources === undefined) return []
    return [sources === true ? name : `${name} ${sources.join(' ')}`]
  })
  // report-uri is for browsers that don't know report-to
  if (reports) parts.push(`report-uri ${reportsPath}`, 'report-to sallyport')
  const text = parts.join('; ')
  return {
    name: reportOnly ? 'content-security-policy-report-only' : 'content-security-policy',
    value: text.replaceAll(` 'nonce-${mark}'`, ''),
    // 'none' stands only where nothing else does
    aroundNonce: nonce ? text.replaceAll(`'none' 'nonce-${mark}'`, `'nonce-${mark}'`).split(mark) : null,
  }
}

/** Scripts and styles: what these directives fall back on is written out, so that the nonce widens nothing else. */
function withNonce(directives: Directives): Directives {
  const nonce = `'nonce-${mark}'`
  const named = ['script-src', 'style-src', 'script-src-elem', 'style-src-elem'].flatMap((name) => {
    const own = directives[name]
    const inherited = name.endsWith('-elem') ? undefined : directives['default-src']
    const sources = own ?? inherited
    if (!Array.isArray(sources)) return []
    const others = sources.filter((source) => source !== "'none'")
    // alone it would leave nothing behind once it is taken out
    return [[name, others.length > 0 ? [...others, nonce] : ["'none'", nonce]] as const]
  })
  return { ...directives, ...Object.fromEntries(named) }
}

/** 128 random bits, as CSP 3 section 7.1 asks for. */
export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes))
}
