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

describe('an issuer or a provider that is asked without TLS', () => {
  const asked = (change: object, provider: object = {}): string[] =>
    warned({ audience: 'api', ...change }, provider).filter((line) => line.includes('without TLS'))

  it.each<[string, string[], string[]]>([
    ['the issuer, for its keys', asked({ issuer: 'http://id.example.com' }), ['issuers.corp.issuer']],
    ['its keys, by an address of their own', asked({ jwks: 'HTTP://keys.example.com' }), ['issuers.corp.jwks']],
    [
      'the issuer, about tokens',
      asked({
        issuer: 'http://id.example.com',
        algorithms: undefined,
        introspection: { url: 'http://id.example.com/i', clientId: 'a', clientSecret: { env: 'SECRET' } },
      }),
      ['issuers.corp.introspection.url'],
    ],
    ['the provider', asked({}, { issuer: 'http://localhost.example.com' }), ['providers.corp.issuer']],
    ['nobody, where the keys come by https', asked({ issuer: 'http://id.example.com', jwks: 'https://a.example' }), []],
    ['nobody, on this machine', asked({ issuer: 'http://127.0.0.1:8789' }, { issuer: 'http://localhost:8789' }), []],
  ])('is warned of: %s', (_, found, places) => {
    expect(found.map((line) => line.split(':')[0])).toEqual(places)
  })
})

describe('an origin that people come to from several issuers', () => {
  const subject = { 'X-Remote-User': 'subject' } as const
  const named = (headers: Record<string, string>, more: object = {}, rule: object = {}): string[] =>
    warn(
      compiled({
        issuers: { corp: { ...issuer, audience: 'api' }, other: { ...issuer, issuer: 'https://other.example.com' } },
        providers: { corp, elsewhere: { ...corp, issuer: 'https://elsewhere.example.com' } },
        origins: [
          originOf([{ path: '/*', access: 'signed-in', ...rule }], {
            identity: { headers },
            bearer: ['corp'],
            ...more,
          }),
        ],
      }),
    ).map(({ path, message }) => `${path}: ${message.replace(/, and.*$/, '')}`)

  it.each([
    ['by token', { bearer: ['corp', 'other'] }, 'https://id.example.com, https://other.example.com'],
    ['by sign-in', { providers: ['elsewhere'] }, 'https://id.example.com, https://elsewhere.example.com'],
  ])('is warned of where the headers say who alone: %s', (_, more, issuers) => {
    expect(named(subject, more)).toEqual([`rules[0].identity: people come here from several issuers (${issuers})`])
  })

  it('is warned of where it vouches for some of them itself', () => {
    expect(named(subject, {}, { access: 'optional', signIn: 'vouched' })).toEqual([
      'rules[0].identity: people come here from several issuers (https://id.example.com, origin:app)',
    ])
  })

  it.each<[string, string[]]>([
    ['the headers say whose, too', named({ ...subject, 'X-Remote-Issuer': 'issuer' }, { bearer: ['corp', 'other'] })],
    ['the headers say something else', named({ 'X-Remote-Email': 'claims.email' }, { bearer: ['corp', 'other'] })],
    ['it is one issuer by two ways', named(subject, { providers: ['corp'] })],
    ['nobody is named', named(subject, { bearer: ['corp', 'other'] }, { access: 'public' })],
  ])('is not where %s', (_, found) => {
    expect(found).toEqual([])
  })
})

it.each<[string, string[], string[]]>([
  ['two letters in each other’s place', ['GET', 'GTE'], ['"GTE": did you mean "GET"?']],
  ['a letter too many', ['POSTS'], ['"POSTS": did you mean "POST"?']],
  ['those that everybody sends', ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], []],
  [
    'those that others send',
    ['QUERY', 'PROPFIND', 'REPORT', 'MKCOL', 'LOCK', 'PURGE', 'LIST', 'SEARCH', 'MERGE', 'COPY'],
    [],
  ],
])('of the methods of a rule, %s', (_, methods, told) => {
  const rules = [{ path: '/*', access: 'signed-in' as const, methods }]
  expect(warn(compiled({ origins: [originOf(rules)] })).map(({ value, fix }) => `${value}: ${fix}`)).toEqual(told)
})
