/** `sallyport session end`: ends one session, all of a subject, or all of an issuer. */

import { adminHelp, adminOptions, callAdmin } from './admin-call.ts'
import { type Given, UsageError, type Verb } from './verb.ts'

export const sessionEnd: Verb = {
  name: 'session end',
  summary: 'end a session, or all of a subject or issuer, on a gateway that runs',
  help: `Usage: npx sallyport session end --id ID | --subject NAME | --issuer NAME --everyone

  --id ID           one session, as session ls shows it
  --subject NAME    every session of this subject, and its tokens; with --id: whose session it is
  --issuer NAME     who vouches for the subject (default: sallyport)
  --everyone        everything of the issuer that was made until now
${adminHelp}`,
  options: {
    ...adminOptions,
    id: { type: 'string' },
    subject: { type: 'string' },
    issuer: { type: 'string' },
    everyone: { type: 'boolean' },
  },
  positionals: [],
  async run(given, io) {
    const called = await callAdmin(given, io, 'POST', '/sessions/end', whatEnds(given))
    if (called.kind === 'failed') io.err(`sallyport: ${called.message}`)
    else io.out(given.flag('json') ? '{"ended":true}' : 'Ended.')
    return called.kind === 'failed' ? 1 : 0
  },
}

function whatEnds(given: Given): object {
  const [id, subject] = [given.text('id'), given.text('subject')]
  const issuer = given.text('issuer')
  if (given.flag('everyone')) {
    if (id !== undefined || subject !== undefined || issuer === undefined)
      throw new UsageError('--everyone goes with --issuer NAME, and with nothing else')
    return { issuer, everyone: true }
  }
  if (subject !== undefined) return { issuer: issuer ?? 'sallyport', subject, ...(id !== undefined && { id }) }
  if (id === undefined) throw new UsageError('session end wants --id ID, --subject NAME, or --issuer NAME --everyone')
  return { id }
}
