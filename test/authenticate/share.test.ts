import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createShare, TooSlow, within } from '../../src/authenticate/share.ts'

let now: number
const ignore = (): void => undefined
const never = <T>(): Promise<T> => new Promise(() => undefined)

beforeEach(() => {
  now = 1_800_000_000
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a shared look-up', () => {
  it('is one for all who come while it is under way, and gone when it is over', async () => {
    const share = createShare<number>(2_000, () => now)
    let count = 0
    const work = async () => ++count
    expect(await Promise.all([share.run('a', ignore, work), share.run('a', ignore, work)])).toEqual([1, 1])
    expect(await share.run('a', ignore, work)).toBe(2)
    expect(share.isRunning('a')).toBe(false)
  })

  it('is apart for each key', async () => {
    const share = createShare<string>(2_000, () => now)
    const both = [share.run('a', ignore, async () => 'a'), share.run('__proto__', ignore, async () => 'b')]
    expect(await Promise.all(both)).toEqual(['a', 'b'])
  })

  it('fails for all alike, and the next tries anew', async () => {
    const share = createShare<number>(2_000, () => now)
    const fail = () => Promise.reject(new Error('down'))
    const both = await Promise.allSettled([share.run('a', ignore, fail), share.run('a', ignore, fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await share.run('a', ignore, async () => 1)).toBe(1)
  })

  it('is given up at the bound, not a millisecond before', async () => {
    const share = createShare<number>(2_000, () => now)
    const pending = share.run('a', ignore, never).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(share.isRunning('a')).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    expect(await pending).toBeInstanceOf(TooSlow)
    expect(share.isRunning('a')).toBe(false)
  })

  it('whose request ended without it is waited for once, by its own clock, and then is nobody’s', async () => {
    const share = createShare<number>(2_000, () => now)
    // on workerd the timer of a request that ended is gone with it: this one never settles
    vi.stubGlobal('setTimeout', () => 0)
    void share.run('a', ignore, never)
    vi.unstubAllGlobals()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const joined = share.run('a', ignore, async () => 1).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await joined).toBeInstanceOf(TooSlow)
    now += 2
    expect(await share.run('a', ignore, async () => 1)).toBe(1)
  })

  it('is joined only while it is young enough for who comes', async () => {
    const share = createShare<number>(2_000, () => now)
    let count = 0
    const work = async () => ++count
    const first = share.run('a', ignore, work)
    const strict = share.run('a', ignore, work, 0)
    now += 1
    const bounded = share.run('a', ignore, work, 1)
    expect(await Promise.all([first, strict, bounded])).toEqual([1, 2, 3])
  })
})

describe('within', () => {
  it('settles as the work does', async () => {
    expect(await within(10, Promise.resolve('done'))).toBe('done')
    await expect(within(10, Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(vi.getTimerCount()).toBe(0)
  })
})
