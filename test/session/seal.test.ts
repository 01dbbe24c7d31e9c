import { describe, expect, it } from 'vitest'
import { createSealer } from '../../src/session/seal.ts'

const key = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(fill)

describe('a sealer', () => {
  it('opens what it sealed, for the same purpose and no other', async () => {
    const { seal, open } = createSealer([key(1)])
    const sealed = await seal('sign-in\0https://a.example.com', 'text: ü')
    expect(await open('sign-in\0https://a.example.com', sealed)).toBe('text: ü')
    expect(await open('sign-in\0https://b.example.com', sealed)).toBeNull()
    expect(await open('sign-in', sealed)).toBeNull()
  })

  it('never seals the same text alike, and shows nothing of it', async () => {
    const { seal } = createSealer([key(1)])
    const sealed = await Promise.all(Array.from({ length: 50 }, () => seal('x', 'a secret')))
    expect(new Set(sealed).size).toBe(50)
    expect(new Set(sealed.map((text) => text.split('.')[1])).size).toBe(50)
    expect(sealed.join()).not.toContain('secret')
  })

  it('opens what either key sealed, while two live', async () => {
    const before = await createSealer([key(1)]).seal('x', 'old')
    const both = createSealer([key(2), key(1)])
    const after = await both.seal('x', 'new')
    expect([await both.open('x', before), await both.open('x', after)]).toEqual(['old', 'new'])
    expect(before.split('.')[0]).not.toBe(after.split('.')[0])
    expect(await createSealer([key(2)]).open('x', before)).toBeNull()
  })

  it('opens nothing that was changed, cut, or put together from two', async () => {
    const { seal, open } = createSealer([key(1), key(2)])
    const sealed = await seal('x', 'a secret of some length')
    const [id = '', nonce = '', closed = ''] = sealed.split('.')
    const [, otherNonce = ''] = (await seal('x', 'another')).split('.')
    const [otherId = ''] = (await createSealer([key(2)]).seal('x', '')).split('.')
    const flipped = closed.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
    const bad = [
      '',
      '.',
      '..',
      id,
      `${id}.${nonce}`,
      `${id}.${nonce}.`,
      `${id}.${nonce}.${flipped}`,
      `${id}.${nonce}.${closed.slice(0, -4)}`,
      `${id}.${otherNonce}.${closed}`,
      `${otherId}.${nonce}.${closed}`,
      `${id}..${closed}`,
      `${id}.${nonce}.${closed}.x`,
      `${id}.${nonce}.!!!`,
      `${id}.AAAA.${closed}`,
      `zzzzzzzz.${nonce}.${closed}`,
      `__proto__.${nonce}.${closed}`,
    ]
    for (const text of bad) expect(await open('x', text)).toBeNull()
  })
})
