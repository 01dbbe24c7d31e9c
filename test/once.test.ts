import { describe, expect, it, vi } from 'vitest'
import { once } from '../src/once.ts'

describe('once', () => {
  it.each([
    ['a value', 7],
    ['nothing', undefined],
    ['null', null],
  ])('makes %s when asked, and never again', (_, value) => {
    const make = vi.fn(() => value)
    const get = once(make)
    expect(make).not.toHaveBeenCalled()
    expect([get(), get()]).toEqual([value, value])
    expect(make).toHaveBeenCalledTimes(1)
  })

  it('tries again after a failure, which reaches whoever asked', () => {
    const make = vi.fn((): string => 'made')
    make.mockImplementationOnce(() => {
      throw new Error('not yet')
    })
    const get = once(make)
    expect(get).toThrow('not yet')
    expect(get()).toBe('made')
  })
})
