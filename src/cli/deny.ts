/** `sallyport deny`: denies one Bearer token by its `jti`. */

import { adminHelp, adminOptions, callAdmin } from './admin-call.ts'
import { UsageError, type Verb } from './verb.ts'

export const deny: Verb = {
  name: 'deny',
  summary: 'deny a Bearer token by its jti, on a gateway that runs',
  help: `Usage: npx sallyport deny JTI --issuer URL [flags]

  --issuer URL      the token's iss (needed)
  --expires SECONDS the token's exp, so that the mark may go then (default: it stays for good)
${adminHelp}`,
  options: { ...adminOptions, issuer: { type: 'string' }, expires: { type: 'string' } },
  positionals: ['JTI'],
  async run(given, io) {
    const [jti = ''] = given.positionals
    const [issuer, expires] = [given.text('issuer'), given.text('expires')]
    if (issuer === undefined) throw new UsageError("deny wants --issuer URL: the token's iss")
    if (expires !== undefined && !/^\d{1,12}$/.test(expires)) throw new UsageError('--expires is no number of seconds')
    const body = { issuer, jti, ...(expires !== undefined && { expiresAt: Number(expires) }) }
    const called = await callAdmin(given, io, 'POST', '/tokens/deny', body)
    if (called.kind === 'failed') io.err(`sallyport: ${called.message}`)
    else io.out(given.flag('json') ? '{"denied":true}' : 'Denied.')
    return called.kind === 'failed' ? 1 : 0
  },
}
