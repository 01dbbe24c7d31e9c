import { expect, it } from 'vitest'
import { adminSecret, at, cookieOf, openKept, proven, vouchSecret } from '../support/kept.ts'
import { openSignInGateway } from '../support/sign-in-gateway.ts'

/** Signs in, is refused, uses, rotates, ends: everything that is logged, and every secret that took part. */
async function wholeRun(environment: Record<string, string> = {}) {
  const kept = openKept(environment)
  const secrets = [adminSecret, vouchSecret]
  const keep = (cookie: string | null): string => {
    if (cookie) secrets.push(cookie.split('.').at(-1) ?? '')
    return cookie ?? ''
  }
  const who = { subject: 'ada@example.com', roles: ['admin'] }
  const first = keep(cookieOf(await kept.vouch(`POST ${at}/login?password=hunter2`, {}, () => proven(who))))
  await kept.vouch(`POST ${at}/login`, {}, () => [...proven(who), ...proven(who)])
  await kept.ask(`GET ${at}/?token=hunter2`, { cookie: first })
  await kept.ask(`GET ${at}/`, { cookie: `${first}; ${first}` })
  await kept.ask(`GET ${at}/`, { cookie: `__Host-sallyport=v1..${'S'.repeat(43)}` })
  const ours = { cookie: first, 'sec-fetch-site': 'same-origin' }
  const next = keep(cookieOf(await kept.call('POST', '/.sallyport/session/rotate', ours)))
  await kept.call('POST', '/.sallyport/sign-out', { ...ours, cookie: next })
  await kept.ask(`GET ${at}/`, { cookie: next })
  const made = (await (await kept.admin('POST', '/sessions', { subject: 'bob' })).json()) as {
    cookie: string
    id: string
  }
  keep(made.cookie)
  await kept.admin('POST', '/sessions/end', { id: made.id })
  await kept.admin('POST', '/tokens/deny', { issuer: 'https://i.example', jti: 'secret-jti' })
  await kept.call('GET', '/.sallyport/admin/sessions', { authorization: 'Bearer guessed-secret' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  return { lines: kept.lines, secrets: [...secrets, 'hunter2', 'S'.repeat(43), 'guessed-secret'] }
}

it('each event of a session’s life is a line of JSON', async () => {
  const { lines } = await wholeRun()
  const events = lines.map((line) => JSON.parse(line).event).filter(Boolean)
  expect(new Set(events)).toEqual(
    new Set(['session-made', 'session-rotated', 'session-ended', 'token-denied', 'sign-in-refused']),
  )
  const request = JSON.parse(lines.find((line) => line.includes('"status":200')) ?? '{}')
  for (const name of ['storeMilliseconds', 'keysMilliseconds', 'upstreamMilliseconds'])
    expect(request[name]).toBeTypeOf('number')
})

it('no cookie, token or secret of a whole run stands in its log', async () => {
  const { lines, secrets } = await wholeRun()
  expect(lines.length).toBeGreaterThan(10)
  for (const secret of secrets) expect(lines.join('\n')).not.toContain(secret)
})

it('with LOG_SUBJECT=pseudonym nobody is named, and one person is one name', async () => {
  const { lines } = await wholeRun({ LOG_SUBJECT: 'pseudonym' })
  expect(lines.join('\n')).not.toContain('ada@example.com')
  const subjects = lines.map((line) => JSON.parse(line).subject).filter(Boolean)
  expect(new Set(subjects).size).toBe(2)
})

it.each([
  ['LOG_SUBJECT', 'pseudonym', [expect.stringMatching(/^(?!alice).{16}/)]],
  ['LOG', 'off', []],
])('a sign-in with a provider is logged as %s=%s says', async (name, value, subjects) => {
  const gateway = await openSignInGateway({ environment: { [name]: value } })
  expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(gateway.audit.map(({ subject }) => subject)).toEqual(subjects)
})
