import { describe, expect, it } from 'vitest'
import { createRandomHex, makeUuid } from '../src/random.ts'

describe('random digits', () => {
  it('are as many as were asked for, of all kinds, and never the same again, over many pages', () => {
    const random = createRandomHex()
    const seen = new Set(Array.from({ length: 2_000 }, (_, at) => random(8 + (at % 9))))
    expect(seen.size).toBe(2_000)
    for (const one of seen) expect(one).toMatch(/^[\da-f]{16,32}$/)
    expect(new Set([...seen].join('')).size).toBe(16)
  })

  it('are no one else’s', () => {
    expect(createRandomHex()(16)).not.toBe(createRandomHex()(16))
  })

  it('make UUIDs that anyone takes for such', () => {
    const random = createRandomHex()
    const made = Array.from({ length: 1_000 }, () => makeUuid(random))
    for (const one of made) expect(one).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    expect(new Set(made).size).toBe(1_000)
    expect(new Set(made.map((one) => one[19])).size, 'each of the four variants').toBe(4)
  })
})
