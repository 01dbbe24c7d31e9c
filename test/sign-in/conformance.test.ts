import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { openSignInGateway } from '../support/sign-in-gateway.ts'

async function pair(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } }
}

describe('what the basic plan asks of a relying party, beyond the lies of a provider', () => {
  it('refuses an ID token without iat', async () => {
    const gateway = await openSignInGateway()
    gateway.provider.idToken = ({ iat: _, ...rest }) => gateway.provider.sign(rest)
    const response = await gateway.visitor.go(gateway.answer(await gateway.start()))
    expect([response.status, gateway.audit[0]?.outcome]).toEqual([502, 'failed'])
  })

  it('finds the one key though the ID token names none', async () => {
    const gateway = await openSignInGateway()
    const { privateKey, jwk } = await pair('only')
    gateway.provider.jwks = () => Response.json({ keys: [jwk] })
    gateway.provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
  })

  it('finds the key among several though the ID token names none', async () => {
    const gateway = await openSignInGateway()
    const [other, mine] = [await pair('a'), await pair('b')]
    gateway.provider.jwks = () => Response.json({ keys: [other.jwk, mine.jwk] })
    gateway.provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(mine.privateKey)
    expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
    const { privateKey } = await pair('c')
    gateway.provider.idToken = (good) => new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(privateKey)
    expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(502)
  })

  it('takes a key that the provider has just begun to sign with', async () => {
    const gateway = await openSignInGateway()
    expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
    const { privateKey, jwk } = await pair('new')
    gateway.provider.jwks = () => Response.json({ keys: [jwk] })
    gateway.provider.idToken = (good) =>
      new SignJWT(good).setProtectedHeader({ alg: 'RS256', kid: 'new' }).sign(privateKey)
    gateway.pass(31)
    expect((await gateway.visitor.go(gateway.answer(await gateway.start()))).status).toBe(303)
  })
})
