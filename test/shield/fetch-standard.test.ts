/** The CORS check and the CORS-preflight check as the Fetch standard has them, run by hand on what the gateway answers: as a browser would. */

import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/respond.ts'
import { headerOf } from '../support/gateway.ts'
import { openShielded } from '../support/shielded.ts'

const friend = 'https://console.example.com'
const evil = 'https://evil.test'
const cors = { origins: [friend], credentials: true, methods: ['GET', 'POST', 'PUT'], headers: ['X-Custom'] }
const rules = [
  { path: '/anyone/*', access: 'public', cors: { origins: '*', headers: ['Authorization'] } },
  { path: '/*', access: 'public', cors },
]

/** https://fetch.spec.whatwg.org/#cors-check */
function passesCorsCheck(answer: Answer, origin: string, isCredentialed: boolean): boolean {
  const allowed = headerOf(answer, 'access-control-allow-origin')
  if (allowed === null) return false // step 2
  if (!isCredentialed && allowed === '*') return true // step 3
  if (allowed !== origin) return false // step 4
  if (!isCredentialed) return true // step 5
  return headerOf(answer, 'access-control-allow-credentials') === 'true' // steps 6 to 8
}

interface Wanted {
  readonly origin: string
  readonly method: string
  readonly headers: readonly string[]
  readonly isCredentialed: boolean
}

const listOf = (answer: Answer, name: string): string[] =>
  (headerOf(answer, name) ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

/** https://fetch.spec.whatwg.org/#cors-preflight-fetch, from step 7 on */
function passesPreflight(answer: Answer, { origin, method, headers, isCredentialed }: Wanted): boolean {
  const isOk = answer.status >= 200 && answer.status <= 299
  if (!passesCorsCheck(answer, origin, isCredentialed) || !isOk) return false // step 7
  const methods = listOf(answer, 'access-control-allow-methods') // step 7.1
  const isSafe = ['GET', 'HEAD', 'POST'].includes(method)
  if (!methods.includes(method) && !isSafe && (isCredentialed || !methods.includes('*'))) return false // step 7.5
  const names = listOf(answer, 'access-control-allow-headers').map((name) => name.toLowerCase()) // step 7.2
  if (headers.includes('authorization') && !names.includes('authorization')) return false // step 7.6
  return headers.every((name) => names.includes(name) || (!isCredentialed && names.includes('*'))) // step 7.7
}

describe('the CORS check', () => {
  it.each<[string, string, string, string, boolean, boolean]>([
    ['step 2: no allow-origin, no reading', 'cors-check', '/x', evil, false, false],
    ['step 3: the star, without credentials', 'cors-check', '/anyone/x', evil, false, true],
    ['step 4: the star is no origin, with credentials', 'cors-check', '/anyone/x', evil, true, false],
    ['step 4: another origin than the page’s', 'cors-check', '/x', 'https://console.example.com:8443', false, false],
    ['step 5: the page’s own origin, without credentials', 'cors-check', '/x', friend, false, true],
    ['steps 6 to 8: with credentials, where they are allowed', 'cors-check', '/x', friend, true, true],
    ['steps 6 to 8: with credentials, by a stranger', 'cors-check', '/x', evil, true, false],
  ])('%s (https://fetch.spec.whatwg.org/#%s)', async (_, __, path, origin, isCredentialed, passes) => {
    const { ask } = await openShielded({ rules })
    const { answer } = await ask(`GET https://app.example.com${path}`, { origin })
    expect(passesCorsCheck(answer, origin, isCredentialed)).toBe(passes)
  })
})

describe('the CORS-preflight check', () => {
  const wanted = (more: Partial<Wanted> = {}): Wanted => ({
    origin: friend,
    method: 'PUT',
    headers: [],
    isCredentialed: true,
    ...more,
  })
  it.each<[string, string, Wanted, boolean]>([
    ['step 7: the CORS check passes and the status is ok', '/x', wanted(), true],
    ['step 7: the CORS check fails', '/x', wanted({ origin: evil }), false],
    ['step 7: the status isn’t ok, though the origin is allowed', '/a%2fb', wanted(), false],
    ['step 7.5: a method that is allowed', '/x', wanted({ method: 'PUT' }), true],
    ['step 7.5: a method that isn’t', '/x', wanted({ method: 'DELETE' }), false],
    [
      'step 7.5: a safelisted method with an unsafe header',
      '/x',
      wanted({ method: 'POST', headers: ['x-custom'] }),
      true,
    ],
    [
      'step 7.6: authorization, named',
      '/anyone/x',
      wanted({ headers: ['authorization'], isCredentialed: false }),
      true,
    ],
    ['step 7.6: authorization, not named', '/x', wanted({ headers: ['authorization'] }), false],
    ['step 7.7: a header that is allowed', '/x', wanted({ headers: ['x-custom'] }), true],
    ['step 7.7: a header that isn’t', '/x', wanted({ headers: ['x-other'] }), false],
    ['step 7.7: one that is and one that isn’t', '/x', wanted({ headers: ['x-custom', 'x-other'] }), false],
  ])('%s (https://fetch.spec.whatwg.org/#cors-preflight-fetch-0)', async (_, path, request, passes) => {
    const { ask } = await openShielded({ rules })
    const { answer } = await ask(`OPTIONS https://app.example.com${path}`, {
      origin: request.origin,
      'access-control-request-method': request.method,
      ...(request.headers.length > 0 && { 'access-control-request-headers': request.headers.join(',') }),
    })
    expect(passesPreflight(answer, request)).toBe(passes)
  })
})
