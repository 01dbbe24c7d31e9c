import { describe, expect, it } from 'vitest'
import { warn } from '../../src/route/warn.ts'
import { compiled, originOf } from '../support/routes.ts'

const issuer = { issuer: 'https://id.example.com', audience: ['api', 'gateway'], algorithms: ['RS256' as const] }
const corp = { issuer: 'https://id.example.com', clientId: 'gateway' }
const warned = (change: object, provider: object = {}, bearer = ['corp']): string[] =>
  warn(
    compiled(
      {
        issuers: { corp: { ...issuer, ...change }, other: { ...issuer, issuer: 'https://other.example.com' } },
        providers: { corp: { ...corp, ...provider } },
        origins: [originOf([{ path: '/*', access: 'signed-in' }], { bearer, providers: ['corp'] })],
      },
      { SECRET: 'x' },
    ),
  ).map(({ path, message }) => `${path}: ${message}`)

describe('an issuer that people sign in with, too', () => {
  it('is warned of where an ID token would pass for a Bearer token', () => {
    expect(warned({})).toEqual([
      'issuers.corp.audience: the ID tokens that people sign in with (providers.corp) pass for Bearer tokens',
    ])
  })

  it.each<[string, string[]]>([
    ['its tokens are for others than the client', warned({ audience: 'api' })],
    ['its tokens must say what they are', warned({ type: 'at+jwt' })],
    ['it is another issuer', warned({}, { issuer: 'https://id.example.com/' })],
    ['it is another client', warned({}, { clientId: 'gateway-2' })],
    ['no origin takes its tokens', warned({}, {}, ['other'])],
    [
      'its tokens are no JWTs',
      warned({ algorithms: undefined, introspection: { clientId: 'gateway', clientSecret: { env: 'SECRET' } } }),
    ],
  ])('is not where %s', (_, found) => {
    expect(found).toEqual([])
  })
})

it('a rule that only reports is warned of', () => {
  const rules = [{ path: '/*', access: 'signed-in' as const, mode: 'report' as const }]
  expect(warn(compiled({ origins: [originOf(rules)] })).map(({ path }) => path)).toEqual(['rules[0].mode'])
})
