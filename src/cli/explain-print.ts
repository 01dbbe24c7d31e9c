/** Prints what `explain` found out: JSON for machines, a page for people. */

import type { Head } from '../head.ts'
import { sayAccess } from './access.ts'
import { columns } from './columns.ts'
import type { Explained } from './explain-request.ts'
import type { Io } from './verb.ts'

export function printExplained(explained: Explained, head: Head, json: boolean, io: Io): void {
  const { method, scheme, host, target } = head
  if (json) {
    io.out(JSON.stringify({ request: { method, scheme, host, target }, ...explained }, null, 2))
    return
  }
  io.out(`${method} ${scheme}://${host}${target}\n`)
  io.out(columns([...seen(explained, head), ...outcome(explained)]))
  const rules = explained.rules.filter((rule) => rule.hostMatches)
  if (rules.length > 0) {
    io.out(`\nRules of ${explained.origin}, in the order in which they are asked:\n`)
    io.out(
      columns(
        rules.map(({ rule, path, methods, access, why }) => [
          `rules[${rule}]`,
          path,
          methods?.join(' ') ?? 'any',
          sayAccess(access),
          why,
        ]),
      ),
    )
  }
  const others = new Set(explained.rules.filter((rule) => !rule.hostMatches).map(({ origin }) => origin))
  if (others.size > 0) io.out(`\nOther hosts, so not asked: ${[...others].join(', ')}`)
  if (explained.forward) io.out(`\n${columns(forwarding(explained.forward))}`)
}

function seen({ origin, file, readings, pathFault }: Explained, { host }: Head): string[][] {
  const rows = [
    ['host', origin === null ? `${host}: no origin claims it` : `${host}, of the origin ${origin} (${file})`],
  ]
  if (pathFault !== null) rows.push(['path', `refused: ${pathFault}`])
  for (const segments of readings ?? []) rows.push(['path', `read as /${segments.map(encodeURIComponent).join('/')}`])
  return rows
}

function outcome({ decision, refusal, principal, status, answer }: Explained): string[][] {
  const rows: string[][] = []
  if (principal) {
    const { kind, subject, issuer, roles, scopes } = principal
    const held = [...roles.map((role) => `role ${role}`), ...scopes.map((scope) => `scope ${scope}`)]
    rows.push(['who', [`${subject} (${kind} of ${issuer})`, ...held].join(', ')])
  }
  const { reason, ...facts } = refusal ?? {}
  const why = Object.entries(facts).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  rows.push(['decision', refusal ? [`refuse: ${reason}`, ...why].join(', ') : decisions[decision]])
  rows.push(['status', status === null ? "the upstream's" : String(status)])
  for (const [name, value] of Object.entries(answer)) rows.push([name, value])
  return rows
}

const decisions: Readonly<Record<Explained['decision'], string>> = {
  forward: 'forward',
  preflight: 'answer the CORS preflight here',
  refuse: 'refuse',
  own: "answered by the gateway's own endpoint; no rule sees it",
}

function forwarding({ url, binding, headers }: NonNullable<Explained['forward']>): string[][] {
  const rows = [['upstream', binding === null ? url : `${url}, through the binding ${binding}`]]
  rows.push(['dropped', headers.dropped.join(', ') || 'nothing'])
  if (headers.changed.length > 0) rows.push(['cut', headers.changed.join(', ')])
  for (const [name, value] of headers.set) rows.push(['set', `${name}: ${value}`])
  return rows
}
