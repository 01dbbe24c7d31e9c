import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AssertionSigner, createAssertionSigner } from '../../src/forward/assertion.ts'
import { principal } from '../support/principal.ts'

const issuer = 'https://gateway.example.com'
let keys: JWK[]
beforeAll(async () => {
  keys = await Promise.all(['new', 'old'].map(async (kid) => ({ ...(await privateKey()), kid })))
})

async function privateKey(): Promise<JWK> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  return exportJWK(pair.privateKey)
}

/** A signer whose clock stands still until it is moved. */
function signerAt(start: number, signing: readonly JWK[] = keys) {
  let at = start
  const signer = createAssertionSigner(signing, issuer, () => at)
  const move = (seconds: number): void => {
    at += seconds
  }
  return { signer, move }
}

/** As an origin does that knows nothing but the published keys. */
async function verified(jwt: string, signer: AssertionSigner, audience: string, at: number) {
  const published = createLocalJWKSet({ keys: [...(await signer.publicKeys).keys] })
  return jwtVerify(jwt, published, {
    issuer,
    audience,
    algorithms: ['ES256'],
    requiredClaims: ['exp', 'iat', 'sub'],
    currentDate: new Date(at * 1000),
  })
}

const timesOf = ({ iat = 0, exp = 0 }: JWTPayload): number => exp - iat

describe('an assertion', () => {
  it('is verified by the published keys, and says who, for whom, and from whom', async () => {
    const { signer } = signerAt(1_000)
    const ann = principal({ subject: 'ann', roles: ['admin'], scopes: ['read', 'write'] })
    const { payload, protectedHeader } = await verified(await signer.sign(ann, 'billing'), signer, 'billing', 1_000)
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'new' })
    expect(payload).toEqual({
      iss: issuer,
      sub: 'ann',
      aud: 'billing',
      iat: 1_000,
      exp: 1_300,
      roles: ['admin'],
      scope: 'read write',
      idp: 'https://issuer.example.com',
    })
  })

  it('is for one origin alone, from this gateway alone, and for this person alone', async () => {
    const { signer } = signerAt(1_000)
    const jwt = await signer.sign(principal(), 'billing')
    await expect(verified(jwt, signer, 'wiki', 1_000)).rejects.toThrow('"aud"')
    const other = createAssertionSigner([{ ...(await privateKey()), kid: 'new' }], issuer, () => 1_000)
    await expect(verified(jwt, other, 'billing', 1_000)).rejects.toThrow('signature')
    const [head, , signature] = jwt.split('.')
    const claims = btoa(JSON.stringify({ sub: 'root', aud: 'billing', iss: issuer, iat: 1_000, exp: 1_300 }))
    const forged = `${head}.${claims.replace(/=+$/, '')}.${signature}`
    await expect(verified(forged, signer, 'billing', 1_000)).rejects.toThrow('signature')
  })

  it('lives for 300 seconds, and not one more', async () => {
    const { signer } = signerAt(1_000.9)
    const jwt = await signer.sign(principal(), 'billing')
    const { payload } = await verified(jwt, signer, 'billing', 1_299)
    expect(timesOf(payload)).toBe(300)
    await expect(verified(jwt, signer, 'billing', 1_301)).rejects.toThrow('"exp"')
  })

  it.each([1_000.5, 1_001, 1_100.9, 1_299, 1_300, 5_000])(
    'never outlives a credential that ends at %d',
    async (expiresAt) => {
      const { signer } = signerAt(999)
      const jwt = await signer.sign(principal({ expiresAt }), 'billing')
      const { payload } = await verified(jwt, signer, 'billing', 999)
      expect(payload.exp).toBe(Math.min(1_299, Math.floor(expiresAt)))
    },
  )
})

describe('two keys live at once', () => {
  it('the first signs, and both are published without what is private', async () => {
    const { signer } = signerAt(1_000)
    const { keys: published } = await signer.publicKeys
    expect(published.map(({ kid, alg, use, kty, crv }) => [kid, alg, use, kty, crv])).toEqual([
      ['new', 'ES256', 'sig', 'EC', 'P-256'],
      ['old', 'ES256', 'sig', 'EC', 'P-256'],
    ])
    for (const key of published) expect(key).not.toHaveProperty('d')
  })

  it('so what the old one signed is verified until it expires', async () => {
    const before = signerAt(1_000, keys.slice(1)).signer
    const after = signerAt(1_000).signer
    const jwt = await before.sign(principal(), 'billing')
    await expect(verified(jwt, after, 'billing', 1_100)).resolves.toMatchObject({ protectedHeader: { kid: 'old' } })
  })

  it('and no key is no signer', async () => {
    await expect(signerAt(1_000, []).signer.sign(principal(), 'billing')).rejects.toThrow('holds no key')
  })
})

describe('an assertion that was signed is used again', () => {
  it('for the same person and origin, while it has a minute to live', async () => {
    const { signer, move } = signerAt(1_000)
    const ann = principal()
    const first = await signer.sign(ann, 'billing')
    move(239)
    expect(await signer.sign(ann, 'billing')).toBe(first)
    move(1)
    expect(await signer.sign(ann, 'billing')).not.toBe(first)
  })

  it('for nobody else, and for no other origin', async () => {
    const { signer } = signerAt(1_000)
    const people = [principal({ subject: 'ann' }), principal({ subject: 'bob' }), principal({ subject: 'ann' })]
    const rows = people.flatMap((one) => ['billing', 'wiki'].map((audience) => ({ one, audience })))
    const jwts = await Promise.all(rows.map(({ one, audience }) => signer.sign(one, audience)))
    expect(new Set(jwts).size).toBe(rows.length)
    for (const [at, { one, audience }] of rows.entries()) {
      const { payload } = await verified(jwts[at] ?? '', signer, audience, 1_000)
      expect(payload.sub).toBe(one.subject)
      expect(await signer.sign(one, audience)).toBe(jwts[at])
    }
  })

  it('but signed each time for a credential that is about to end', async () => {
    const { signer } = signerAt(1_000)
    const ann = principal({ expiresAt: 1_030 })
    const jwts = [await signer.sign(ann, 'billing'), await signer.sign(ann, 'billing')]
    for (const jwt of jwts) expect((await verified(jwt, signer, 'billing', 1_029)).payload.exp).toBe(1_030)
    await expect(verified(jwts[1] ?? '', signer, 'billing', 1_031)).rejects.toThrow('"exp"')
  })
})
