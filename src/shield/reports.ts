/** Reads the reports that browsers send of broken policies: anyone can send anything here, so little is believed. */

export interface Violation {
  /** `script-src-elem`: the directive that was broken. */
  readonly directive: string
  /** What was blocked: an origin and path, or `inline`, `eval`, `data`, `blob`. */
  readonly blocked: string
  /** The page, without its query. */
  readonly page: string
  readonly isEnforced: boolean
}

export const maxReportBytes = 32_768
const maxReports = 20
const maxChars = 300

/**
 * Reads `application/reports+json` (Reporting API) and `application/csp-report` (CSP 3 section 5.3).
 *
 * @returns at most 20 violations, without queries, fragments or users of addresses; null for what is no report
 */
export function readReports(text: string): readonly Violation[] | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return null
  }
  const all = Array.isArray(json) ? json.slice(0, maxReports) : [json]
  const violations = all.map(readReport).filter((violation) => violation !== null)
  return violations.length > 0 ? violations : null
}

function readReport(report: unknown): Violation | null {
  const fields = fieldsOf(report)
  if (fields.get('type') === 'csp-violation') {
    const body = fieldsOf(fields.get('body'))
    return violationOf(body, 'effectiveDirective', 'blockedURL', 'documentURL')
  }
  const old = fieldsOf(fields.get('csp-report'))
  const name = old.has('effective-directive') ? 'effective-directive' : 'violated-directive'
  return violationOf(old, name, 'blocked-uri', 'document-uri')
}

type Fields = ReadonlyMap<string, unknown>

/** Own properties alone: `__proto__` is a name like any other. */
const fieldsOf = (value: unknown): Fields =>
  new Map(typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [])

function violationOf(fields: Fields, directive: string, blocked: string, page: string): Violation | null {
  const [broken] = textOf(fields.get(directive)).split(' ')
  if (!broken || !/^[a-z-]{1,40}$/.test(broken)) return null
  return {
    directive: broken,
    blocked: placeOf(textOf(fields.get(blocked))),
    page: placeOf(textOf(fields.get(page))),
    isEnforced: fields.get('disposition') !== 'report',
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** An address without what may be a secret in it; a word (`inline`, `eval`, `data`) as it is; else nothing. */
function placeOf(text: string): string {
  if (/^[a-z-]{1,30}$/.test(text)) return text
  const url = text.length <= 4_096 ? URL.parse(text) : null
  if (!url) return ''
  return (
    /^https?:$|^wss?:$/.test(url.protocol) ? `${url.protocol}//${url.host}${url.pathname}` : url.protocol.slice(0, -1)
  ).slice(0, maxChars)
}
