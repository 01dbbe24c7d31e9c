import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorize } from '../../src/authorize/authorize.ts'
import type { Principal } from '../../src/principal.ts'
import type { Access, Requirement } from '../../src/route/schema.ts'
import { principal } from '../support/principal.ts'

const someone = principal({
  roles: ['editor', 'member'],
  scopes: ['read', 'list'],
  claims: {
    email: 'a@corp.example',
    level: 1,
    flag: true,
    zero: 0,
    empty: '',
    nothing: null,
    groups: ['a', 'b', 3],
    nested: { deep: { value: 'x' } },
    'https://example.com/dept': 'legal',
    'a.b': 'dotted',
    list: [['inner']],
    object: { a: 1 },
  },
})

/** `passes`, or why not. */
const now = 1_800_000_000
const asks = (access: Access, who: Principal | null = someone): string =>
  authorize(who, access, now)?.reason ?? 'passes'

describe('who may', () => {
  const rows: readonly [access: Access, outcome: string][] = [
    ['public', 'passes'],
    ['optional', 'passes'],
    ['signed-in', 'passes'],
    [{ roles: ['editor'] }, 'passes'],
    [{ roles: ['admin', 'member'] }, 'passes'],
    [{ roles: ['admin'] }, 'not-allowed'],
    [{ roles: ['Editor'] }, 'not-allowed'],
    [{ roles: ['edit'] }, 'not-allowed'],
    [{ roles: ['editor,member'] }, 'not-allowed'],
    [{ roles: [] }, 'not-allowed'],
    [{ roles: ['constructor'] }, 'not-allowed'],
    [{ scopes: ['read'] }, 'passes'],
    [{ scopes: ['read', 'list'] }, 'passes'],
    [{ scopes: ['read', 'write'] }, 'missing-scope'],
    [{ claim: 'email', is: 'a@corp.example' }, 'passes'],
    [{ claim: 'email', is: 'A@corp.example' }, 'not-allowed'],
    [{ claim: 'email', is: 'corp.example' }, 'not-allowed'],
    [{ claim: 'email', is: ['b@corp.example', 'a@corp.example'] }, 'passes'],
    [{ claim: 'level', is: 1 }, 'passes'],
    [{ claim: 'level', is: '1' }, 'not-allowed'],
    [{ claim: 'level', is: true }, 'not-allowed'],
    [{ claim: 'flag', is: true }, 'passes'],
    [{ claim: 'flag', is: 'true' }, 'not-allowed'],
    [{ claim: 'flag', is: 1 }, 'not-allowed'],
    [{ claim: 'zero', is: false }, 'not-allowed'],
    [{ claim: 'zero', is: '' }, 'not-allowed'],
    [{ claim: 'empty', is: '' }, 'passes'],
    [{ claim: 'empty', is: 0 }, 'not-allowed'],
    [{ claim: 'nothing', is: 'null' }, 'not-allowed'],
    [{ claim: 'nothing', is: '' }, 'not-allowed'],
    [{ claim: 'absent', is: 'undefined' }, 'not-allowed'],
    [{ claim: 'groups', is: 'b' }, 'passes'],
    [{ claim: 'groups', is: 3 }, 'passes'],
    [{ claim: 'groups', is: '3' }, 'not-allowed'],
    [{ claim: 'groups', is: 'a,b,3' }, 'not-allowed'],
    [{ claim: 'list', is: 'inner' }, 'not-allowed'],
    [{ claim: 'object', is: '[object Object]' }, 'not-allowed'],
    [{ claim: 'nested.deep.value', is: 'x' }, 'passes'],
    [{ claim: ['nested', 'deep', 'value'], is: 'x' }, 'passes'],
    [{ claim: 'nested.deep', is: 'x' }, 'not-allowed'],
    [{ claim: ['https://example.com/dept'], is: 'legal' }, 'passes'],
    [{ claim: 'a.b', is: 'dotted' }, 'not-allowed'],
    [{ claim: ['a.b'], is: 'dotted' }, 'passes'],
    [{ claim: '__proto__', is: 'x' }, 'not-allowed'],
    [{ claim: 'constructor.name', is: 'Object' }, 'not-allowed'],
    [{ claim: 'email.length', is: 14 }, 'not-allowed'],
    [{ claim: 'toString', is: 'x' }, 'not-allowed'],
    [{ all: ['signed-in', { roles: ['editor'] }] }, 'passes'],
    [{ all: [{ roles: ['editor'] }, { roles: ['admin'] }] }, 'not-allowed'],
    [{ any: [{ roles: ['admin'] }, { scopes: ['read'] }] }, 'passes'],
    [{ any: [{ roles: ['admin'] }, { claim: 'level', is: 2 }] }, 'not-allowed'],
    [{ any: [] }, 'not-allowed'],
    [{ not: { roles: ['banned'] } }, 'passes'],
    [{ not: { roles: ['member'] } }, 'not-allowed'],
    [{ not: 'signed-in' }, 'not-allowed'],
    [{ not: { not: { roles: ['member'] } } }, 'passes'],
    [
      { all: [{ any: [{ roles: ['admin'] }, { roles: ['editor'] }] }, { not: { claim: 'groups', is: 'a' } }] },
      'not-allowed',
    ],
    [{ any: [{ all: [{ roles: ['admin'] }, { scopes: ['read'] }] }, { scopes: ['write'] }] }, 'missing-scope'],
    [{ all: [{ roles: ['admin'] }, { scopes: ['write'] }] }, 'not-allowed'],
  ]
  it.each(rows)('%j: %s', (access, outcome) => {
    expect(asks(access)).toBe(outcome)
  })
})

it('names the scopes that are missing, and no more', () => {
  expect(authorize(someone, { scopes: ['read', 'write', 'admin'] }, now)).toEqual({
    reason: 'missing-scope',
    scopes: ['write', 'admin'],
  })
})

const name = fc.constantFrom('a', 'b', 'c')
const { requirement } = fc.letrec<{ requirement: Requirement }>((tie) => ({
  requirement: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'access' },
    fc.constant('signed-in' as const),
    fc.record({ roles: fc.array(name, { minLength: 1, maxLength: 2 }) }),
    fc.record({ scopes: fc.array(name, { minLength: 1, maxLength: 2 }) }),
    fc.record({ claim: name, is: fc.oneof(fc.constantFrom(1, '1', true, 'x'), fc.constant(['x', 2])) }),
    fc.record({ all: fc.array(tie('requirement'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('requirement'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('requirement') }),
  ),
}))
const claimValue = fc.constantFrom<unknown>(1, '1', true, 'x', 2, ['x'], [1, '1'], null, {}, undefined)
const anyone = fc
  .record({ roles: fc.array(name), scopes: fc.array(name), claims: fc.dictionary(name, claimValue) })
  .map((identity) => principal(identity))

/** The grammar as the manual says it, one line a word. */
function naive(who: Principal, access: Requirement): boolean {
  if (access === 'signed-in') return true
  const [[key, value]] = Object.entries(access) as [[string, never]]
  if (key === 'roles') return (value as string[]).filter((role) => new Set(who.roles).has(role)).length > 0
  if (key === 'scopes') return (value as string[]).filter((scope) => !new Set(who.scopes).has(scope)).length === 0
  if (key === 'all') return (value as Requirement[]).reduce((so, part) => so && naive(who, part), true)
  if (key === 'any') return (value as Requirement[]).reduce((so, part) => so || naive(who, part), false)
  if (key === 'not') return !naive(who, value)
  const { claim, is } = access as { claim: string; is: unknown }
  const held = [who.claims[claim]].flat()
  return held.some((one) => [is].flat().some((other) => one === other))
}

describe('for any access and anyone', () => {
  it('says what a plain reading of the grammar says', () => {
    fc.assert(
      fc.property(anyone, requirement, (who, access) => {
        expect(asks(access, who) === 'passes').toBe(naive(who, access))
      }),
      { numRuns: 3000 },
    )
  })

  it('never lets nobody in, { not } included', () => {
    fc.assert(fc.property(requirement, (access) => asks(access, null) === 'no-credential'))
  })

  it('says missing-scope only where those scopes would do', () => {
    fc.assert(
      fc.property(anyone, requirement, (who, access) => {
        const refusal = authorize(who, access, now)
        if (refusal?.reason !== 'missing-scope') return
        expect(asks(access, { ...who, scopes: [...who.scopes, ...refusal.scopes] })).toBe('passes')
      }),
      { numRuns: 3000 },
    )
  })
})

describe('how long ago, and how, they showed who they are', () => {
  const member = {
    ...someone,
    kind: 'session' as const,
    claims: { auth_time: now - 599, acr: 'mfa' },
    issuedAt: now - 10,
  }
  const as = (change: object) => ({ ...member, ...change })
  const within = { signedInWithin: 600 } as const

  it.each<[string, Access, Principal, object | null]>([
    ['a second less than the limit', within, member, null],
    ['at the limit', within, as({ claims: { auth_time: now - 600 } }), { withinSeconds: 600, acr: [] }],
    ['a session whose maker says nothing: when it was made', within, as({ claims: {} }), null],
    ['the same, too old', within, as({ claims: {}, issuedAt: now - 600 }), { withinSeconds: 600, acr: [] }],
    ['a provider that did not say', within, as({ claims: { auth_time: 0 } }), { withinSeconds: 600, acr: [] }],
    ['a clock that is ahead a little', within, as({ claims: { auth_time: now + 60 } }), null],
    ['a time that is yet to come', within, as({ claims: { auth_time: now + 61 } }), { withinSeconds: 600, acr: [] }],
    ['a time in milliseconds', within, as({ claims: { auth_time: now * 1000 } }), { withinSeconds: 600, acr: [] }],
    ['a time that is text', within, as({ claims: { auth_time: String(now) } }), { withinSeconds: 600, acr: [] }],
    ['a time that is no number', within, as({ claims: { auth_time: Number.NaN } }), { withinSeconds: 600, acr: [] }],
    [
      'a token that is new: nobody showed anything',
      within,
      as({ kind: 'bearer', claims: {} }),
      { withinSeconds: 600, acr: [] },
    ],
    ['the acr that is asked for', { acr: ['hwk', 'mfa'] }, member, null],
    ['another acr', { acr: ['hwk'] }, member, { withinSeconds: null, acr: ['hwk'] }],
    ['part of an acr', { acr: ['mf'] }, member, { withinSeconds: null, acr: ['mf'] }],
    ['no acr', { acr: ['mfa'] }, as({ claims: {} }), { withinSeconds: null, acr: ['mfa'] }],
    [
      'an acr that is a list',
      { acr: ['mfa'] },
      as({ claims: { acr: ['mfa'] } }),
      { withinSeconds: null, acr: ['mfa'] },
    ],
    ['both', { all: [within, { acr: ['hwk'] }] }, member, { withinSeconds: 600, acr: ['hwk'] }],
    ['the shorter time of two', { all: [within, { signedInWithin: 60 }] }, member, { withinSeconds: 60, acr: [] }],
  ])('%s', (_, access, who, asked) => {
    expect(authorize(who, access, now)).toEqual(asked && { reason: 'sign-in-anew', ...asked })
  })

  it('is no matter of signing in where that would not do', () => {
    const access = { all: [{ roles: ['nobody-has-it'] }, within] }
    expect(authorize(as({ claims: {}, issuedAt: 0 }), access, now)).toEqual({ reason: 'not-allowed', needs: access })
    expect(authorize(member, { not: within }, now)).toMatchObject({ reason: 'not-allowed' })
  })
})
