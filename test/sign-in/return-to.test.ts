import { describe, expect, it } from 'vitest'
import { strictPaths } from '../../src/route/path.ts'
import { returnTarget } from '../../src/sign-in/return-to.ts'

const self = 'https://app.example.com'
const kept = [
  '/',
  '/orders',
  '/orders?page=2&x=https://evil.example.com',
  '/a/b/?q=%2F%2Fevil',
  '/app#/invoices/7',
  '/~user/x-y_z',
  '/a?b#c',
]

const evil = [
  '',
  null,
  undefined,
  '//evil.example.com',
  '///evil.example.com',
  '/\\evil.example.com',
  '\\/evil.example.com',
  '\\\\evil.example.com',
  '/\t/evil.example.com',
  '/\n/evil.example.com',
  '\t//evil.example.com',
  ' //evil.example.com',
  '/%09/evil.example.com',
  '/%0a/evil.example.com',
  '/%0d%0aLocation:%20https://evil.example.com',
  '/\r\nSet-Cookie: a=b',
  '/%2f/evil.example.com',
  '/%2fevil.example.com',
  '/%5cevil.example.com',
  '/%5c%5cevil.example.com',
  '/%252fevil.example.com',
  '/%252f%252fevil.example.com',
  '/%25252fevil.example.com',
  'https:evil.example.com',
  'https:/evil.example.com',
  'https://evil.example.com',
  'https:///evil.example.com',
  'HTTPS://evil.example.com',
  'http://app.example.com/',
  'https://app.example.com',
  'https://app.example.com@evil.example.com',
  'https://evil.example.com#app.example.com',
  'https://user:pass@app.example.com/',
  '//app.example.com@evil.example.com/',
  '/@evil.example.com/..//',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'blob:https://app.example.com/x',
  'evil.example.com',
  '.evil.example.com',
  '@evil.example.com',
  '?x',
  '#x',
  './/evil.example.com',
  '/.//evil.example.com',
  '/..//evil.example.com',
  '/./evil',
  '/../evil',
  '/a/..//evil.example.com',
  '/a/../../evil',
  '/%2e%2e//evil.example.com',
  '/%2e/evil',
  '/;@evil.example.com',
  '/a;jsessionid=1',
  '/〱evil.example.com',
  '/／evil.example.com',
  '//evil。example.com',
  '/\u0000/evil',
  '/%00/evil',
  '/\u00a0/evil',
  '/a b',
  '/a#b#c',
  '/#\\evil',
  '/.sallyport/sign-out',
  '/.sallyport/sign-in?return_to=/',
  '/.sallyport',
  '/.SALLYPORT/sign-out',
  '/.well-known/sallyport/jwks.json',
  '/.well-known/oauth-protected-resource/orders',
  `/${'a'.repeat(1_024)}`,
]

describe('where a person is sent after signing in', () => {
  it.each(kept)('is %s, as it was asked', (text) => {
    expect(returnTarget(text, self, strictPaths)).toBe(text)
  })

  it.each(evil.map((text) => [JSON.stringify(text)?.slice(0, 80), text]))('is the home page for %s', (_, text) => {
    expect(returnTarget(text, self, strictPaths)).toBe('/')
  })
})
