/** What becomes of requests when ASSERTION_KEY holds a key that is none. */

import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/session/stores/memory.ts'
import { openTestGateway } from '../support/gateway.ts'
import { originOf } from '../support/routes.ts'
import { laySession } from '../support/sessions.ts'

const now = 1_800_000_000
const routes = {
  origins: [
    originOf([{ path: '/*', access: 'signed-in' }], {
      identity: { headers: { 'X-Remote-User': 'subject' }, assertion: true },
    }),
  ],
}

async function makeKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) }
}

async function open(...keys: JWK[]) {
  const store = createMemoryStore(() => now)
  const { cookie } = await laySession(store, { subject: 'ada', ttlSeconds: 600 }, now)
  const environment = { SESSION_STORE: 'memory', ASSERTION_KEY: JSON.stringify(keys) }
  const opened = openTestGateway(routes, environment, { store, now: () => now })
  return { ...opened, headers: { cookie: `__Host-sallyport=${cookie}` } }
}

const keysOf = (gateway: Awaited<ReturnType<typeof open>>['gateway']) =>
  gateway.endpoints.request('http://app.example.com/.well-known/sallyport/jwks.json')

describe('an assertion', () => {
  it('is verified by the keys that the gateway shows', async () => {
    const { ask, gateway, headers } = await open(await makeKey(), await makeKey())
    const { sent } = await ask('GET https://app.example.com/', headers)
    const keys = createLocalJWKSet(JSON.parse(await (await keysOf(gateway)).text()))
    const { payload } = await jwtVerify(sent.get('x-sallyport-assertion') ?? '', keys, {
      audience: 'app',
      issuer: 'sallyport',
      currentDate: new Date(now * 1000),
    })
    expect(payload).toMatchObject({ sub: 'ada', idp: 'sallyport' })
  })
})

describe('a key whose private part belongs to another', () => {
  const mismatched = async (): Promise<JWK> => {
    const { d = '' } = await makeKey()
    return { ...(await makeKey()), d }
  }

  it.each([
    ['that signs', async () => [await mismatched()]],
    ['that is only published', async () => [await makeKey(), await mismatched()]],
    ['whose public part is no point of the curve', async () => [{ ...(await makeKey()), x: 'A'.repeat(43) }]],
  ] as const)('%s: nothing is forwarded, the log says why, and the answer does not', async (_, keys) => {
    const { ask, gateway, headers, lines } = await open(...(await keys()))
    for (let time = 1; time <= 2; time++) {
      const { forwarded, answer } = await ask('GET https://app.example.com/', headers)
      expect([forwarded, answer.status]).toEqual([false, 500])
      expect(String(answer.body)).not.toContain('ASSERTION_KEY')
      expect(lines).toHaveLength(time)
      expect(lines.at(-1)).toMatch(/ASSERTION_KEY: .*doesn't belong to its .*sallyport secret --assertion-key/)
    }
    expect((await keysOf(gateway)).status).toBe(500)
  })
})
