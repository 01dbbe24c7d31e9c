import { describe, expect, it } from 'vitest'
import { lint } from '../../src/route/lint.ts'
import { describeProblem } from '../../src/route/problem.ts'
import type { OriginConfig, RuleConfig } from '../../src/route/schema.ts'
import { compiled, originOf, problemsIn } from '../support/routes.ts'

const linted = (...origins: OriginConfig[]): string => lint(compiled({ origins })).map(describeProblem).join('\n')
const rules = (...written: RuleConfig[]): string => linted(originOf(written))

/** An origin that takes tokens. */
const tokens = (...written: RuleConfig[]): string => {
  const issuer = { issuer: 'https://id.example.com', audience: 'api', algorithms: ['RS256' as const] }
  const config = { issuers: { corp: issuer }, origins: [originOf(written, { bearer: ['corp'] })] }
  return lint(compiled(config)).map(describeProblem).join('\n')
}

const admin: RuleConfig = { path: '/admin/*', access: { roles: ['admin'] } }
const everything: RuleConfig = { path: '/*', access: 'signed-in' }

describe('each finding, and a near one that is none', () => {
  const rows: readonly [title: string, found: string, near: string, words: string][] = [
    [
      'a public rule above a guarded one',
      rules({ path: '/*', access: 'public' }, admin),
      rules(admin, { path: '/*', access: 'public' }),
      'rules[0] ("/*", public) stands above it',
    ],
    [
      'an optional rule above a guarded one',
      rules({ path: '/*', methods: ['GET'], access: 'optional' }, admin),
      rules({ path: '/x/*', methods: ['GET'], access: 'optional' }, admin),
      'rules[0] ("/*", optional) stands above it',
    ],
    [
      'a public rule that shares one method with a guarded one beneath',
      rules({ path: '/*', methods: ['GET', 'PUT'], access: 'public' }, { ...admin, methods: ['PUT', 'POST'] }),
      rules({ path: '/*', methods: ['GET'], access: 'public' }, { ...admin, methods: ['PUT', 'POST'] }),
      'lets everyone in',
    ],
    ['a rule that another takes', rules(everything, admin), rules(admin, everything), "can't be reached"],
    [
      'a rule that two others take between them',
      rules(
        { ...everything, methods: ['GET', 'HEAD'] },
        { ...everything, methods: ['POST'] },
        {
          ...admin,
          methods: ['GET', 'HEAD', 'POST'],
        },
      ),
      rules(
        { ...everything, methods: ['GET', 'HEAD'] },
        { ...everything, methods: ['POST'] },
        {
          ...admin,
          methods: ['GET', 'HEAD', 'PUT'],
        },
      ),
      "can't be reached",
    ],
    [
      'a rule that differs by case alone, where case is folded',
      linted(originOf([admin, { path: '/ADMIN/x', access: 'signed-in' }], { paths: { caseInsensitive: true } })),
      linted(originOf([admin, { path: '/ADMIN/x', access: 'signed-in' }])),
      "can't be reached",
    ],
    [
      'a literal that Windows could read otherwise',
      linted(originOf([{ path: '/caf%C3%A9', access: 'public' }], { paths: { caseInsensitive: true } })),
      linted(originOf([{ path: '/caf%C3%A9', access: 'public' }])),
      'no request can meet it',
    ],
    [
      'HEAD that goes past a guard on GET',
      rules({ ...admin, methods: ['GET'] }, { path: '/*', access: 'public' }),
      rules({ ...admin, methods: ['GET'] }, everything),
      'HEAD goes past it to rules[1]',
    ],
    [
      'a method that nobody knows, past a guard on GET',
      rules({ ...admin, methods: ['GET', 'HEAD', 'POST'] }, { path: '/*', access: 'optional' }),
      rules({ ...admin, methods: ['GET', 'HEAD'] }, { path: '/*', methods: ['GET', 'HEAD', 'POST'], access: 'public' }),
      'any other method goes past it to rules[1]',
    ],
    [
      'the same, before a rule that asks for somebody',
      rules({ ...admin, methods: ['GET', 'HEAD'] }, { path: '/:any/*', access: 'public' }, everything),
      rules({ ...admin, methods: ['GET', 'HEAD'] }, everything),
      'any other method goes past it to rules[1]',
    ],
    [
      'a host claimed twice',
      linted(originOf([everything]), originOf([everything], { name: 'other', host: 'APP.example.com' })),
      linted(originOf([everything]), originOf([everything], { name: 'other', host: '*.example.com' })),
      'claimed by "app" already',
    ],
    [
      'a name taken twice',
      linted(originOf([everything]), originOf([everything], { host: 'b.example.com' })),
      linted(originOf([everything]), originOf([everything], { name: 'b', host: 'b.example.com' })),
      'another origin has this name',
    ],
    [
      'a rule for a path of the gateway itself',
      rules({ path: '/.sallyport/*', access: 'public' }),
      rules({ path: '/sallyport/*', access: 'public' }),
      'reserved for the gateway',
    ],
    [
      'a rule for the keys of the gateway',
      rules({ path: '/.well-known/sallyport/jwks.json', access: 'public' }),
      rules({ path: '/.well-known/security.txt', access: 'public' }),
      'reserved for the gateway',
    ],
    [
      'a rule for what API clients are told, where they are',
      tokens({ path: '/.well-known/oauth-protected-resource/*', access: 'public' }),
      rules({ path: '/.well-known/oauth-protected-resource/*', access: 'public' }),
      'reserved for the gateway',
    ],
    [
      'a sign-in page that nobody can see',
      linted(originOf([everything], { signIn: '/login' })),
      linted(originOf([{ path: '/login', access: 'public' }, everything], { signIn: '/login' })),
      'would be sent there again',
    ],
    [
      'a guarded rule where no credential is read',
      linted(originOf([everything], { session: false })),
      linted(originOf([{ path: '/*', access: 'public' }], { session: false })),
      'nobody can pass',
    ],
  ]
  it.each(rows)('%s', (_, found, near, words) => {
    expect(found).toContain(words)
    expect(near).toBe('')
  })

  it('"*" with credentials is refused before it comes to that', () => {
    const cors = { origins: '*' as const, credentials: true }
    expect(problemsIn({ origins: [originOf([everything], { cors })] }).join()).toContain('never "*" with credentials')
    expect(problemsIn({ origins: [originOf([everything], { cors: { origins: '*' } })] })).toEqual([])
  })
})
