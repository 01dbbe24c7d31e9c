import { expect, it } from 'vitest'
import { signInLine } from '../../src/runtime/log.ts'
import { adminSecret, at, cookieOf, openKept, proven, vouchSecret } from '../support/kept.ts'
import { openSignInGateway, self } from '../support/sign-in-gateway.ts'

/** Of what is done below: requests, and events of sessions. */
const linesOfAll = 19

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
  // where nobody is named, a line comes behind its request
  await expect.poll(() => kept.lines).toHaveLength(linesOfAll)
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

it('no code, state, token, cookie or secret of signing in with a provider stands in its log', async () => {
  const gateway = await openSignInGateway({ environment: { ADMIN_SECRET: adminSecret } })
  const { provider, visitor } = gateway
  const secrets = new Set(['a secret: with+signs', 'a-code', 'an-access-token', adminSecret])
  const sign = provider.sign
  provider.sign = async (...given) => {
    const token = await sign(...given)
    for (const part of token.split('.')) secrets.add(part)
    return token
  }
  const keepCookies = () => {
    for (const value of visitor.cookies(self).values()) for (const part of value.split('.')) secrets.add(part)
  }
  const asked = await gateway.start()
  for (const name of ['state', 'nonce', 'code_challenge']) secrets.add(asked.searchParams.get(name) ?? '')
  keepCookies()
  const answer = gateway.answer(asked)
  expect((await visitor.go(answer)).status).toBe(303)
  for (const [, verifier] of provider.asked.flatMap(({ form }) => [...form])) secrets.add(verifier)
  keepCookies()
  // again, with somebody else's, with an error in it
  await visitor.go(answer)
  await gateway.stranger().go(`${answer}&error=access_denied&error_description=hunter2-hunter2`)
  const cookie = `__Host-sallyport=${visitor.cookies(self).get('__Host-sallyport')}`
  expect((await gateway.ask(`GET ${self}/orders?token=hunter2-hunter2`, { cookie })).forwarded).toBe(true)
  const post = (path: string, headers: Record<string, string>, body: string) =>
    gateway.gateway.endpoints.fetch(new Request(self + path, { method: 'POST', headers, body }))
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const token = await provider.sign({ iss: provider.issuer, aud: 'gateway', jti: 'j', nonce: 'forbidden' })
  expect((await post('/.sallyport/backchannel-logout', form, `logout_token=${token}`)).status).toBe(400)
  await post('/.sallyport/sign-out', { cookie, 'sec-fetch-site': 'same-origin' }, '')
  await post('/.sallyport/admin/sessions/end', { authorization: `Bearer ${adminSecret}` }, '{"id":"x"}')
  const lines = [...gateway.lines, ...gateway.audit.map(signInLine)].join('\n')
  expect(gateway.lines.length).toBeGreaterThan(7)
  for (const secret of [...secrets, 'hunter2-hunter2'].filter((text) => text.length >= 6))
    expect(lines).not.toContain(secret)
})

it('with LOG_SUBJECT=pseudonym nobody is named, and one person is one name', async () => {
  const { lines } = await wholeRun({ LOG_SUBJECT: 'pseudonym', PLACE_KEY: 'k'.repeat(32) })
  expect(lines.join('\n')).not.toContain('ada@example.com')
  const subjects = lines.map((line) => JSON.parse(line).subject).filter(Boolean)
  expect(new Set(subjects).size).toBe(2)
})

it.each([
  ['LOG_SUBJECT', 'pseudonym', [expect.stringMatching(/^(?!alice).{16}/)]],
  ['LOG', 'off', []],
])('a sign-in with a provider is logged as %s=%s says', async (name, value, subjects) => {
  const gateway = await openSignInGateway({ environment: { [name]: value, PLACE_KEY: 'k'.repeat(32) } })
  expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
  await new Promise((resolve) => setTimeout(resolve, 20))
  await expect.poll(() => gateway.audit.map(({ subject }) => subject)).toEqual(subjects)
})
