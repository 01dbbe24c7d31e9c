/** `sallyport session ls`: lists the sessions of a subject that live. */

import { adminHelp, adminOptions, callAdmin } from './admin-call.ts'
import type { Verb } from './verb.ts'

interface Listed {
  readonly id: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  readonly address: string | null
  readonly userAgent: string | null
}

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)

export const sessionLs: Verb = {
  name: 'session ls',
  summary: 'list the sessions of a subject, on a gateway that runs',
  help: `Usage: npx sallyport session ls SUBJECT [flags]

  --issuer NAME     who vouches for the subject (default: sallyport; origin:<name> for vouched sign-ins)
${adminHelp}`,
  options: { ...adminOptions, issuer: { type: 'string' } },
  positionals: ['SUBJECT'],
  async run(given, io) {
    const [subject = ''] = given.positionals
    const query = new URLSearchParams({ subject, issuer: given.text('issuer') ?? 'sallyport' })
    const called = await callAdmin(given, io, 'GET', `/sessions?${query}`)
    if (called.kind === 'failed') {
      io.err(`sallyport: ${called.message}`)
      return 1
    }
    if (given.flag('json')) {
      io.out(JSON.stringify(called.body, null, 2))
      return 0
    }
    const { sessions, more } = called.body as { sessions: readonly Listed[]; more: boolean }
    for (const { id, createdAt, lastSeenAt, address, userAgent } of sessions)
      io.out(`${id}  made ${timeOf(createdAt)}  seen ${timeOf(lastSeenAt)}  ${address ?? '-'}  ${userAgent ?? '-'}`)
    if (sessions.length === 0) io.out('No sessions.')
    if (more) io.out(`There are more than these ${sessions.length}: sallyport session end --subject ends them all.`)
    return 0
  },
}
