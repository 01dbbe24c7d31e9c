import process from 'node:process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formKind, inspectForm, maxInspectedBytes } from '../../src/shield/form.ts'

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function join(chunks: AsyncIterable<Uint8Array> | null): Promise<Buffer | null> {
  if (!chunks) return null
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

const urlencoded = { kind: 'urlencoded' } as const
const isGood = async (token: string) => token === 'good'

describe('a form that streams through', () => {
  it('goes on byte for byte, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
        async (tail, sizes) => {
          const whole = Buffer.concat([Buffer.from('a=1&sallyport_csrf=good&b='), tail])
          expect((await join(await inspectForm(cut(whole, sizes), urlencoded, isGood)))?.equals(whole)).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('goes on past what is inspected', async () => {
    const whole = Buffer.concat([Buffer.from('sallyport_csrf=good&file='), Buffer.alloc(3_000_000, 255)])
    expect((await join(await inspectForm(cut(whole, [16_384]), urlencoded, isGood)))?.equals(whole)).toBe(true)
  })

  it('sends nothing on before the token is known to be good', async () => {
    let asked = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked += 1
        yield Buffer.alloc(1_000, 97)
      }
    }
    expect(await inspectForm(endless(), urlencoded, isGood)).toBeNull()
    expect(asked).toBeLessThanOrEqual(Math.ceil(maxInspectedBytes / 1_000))
  })

  it('lets go of a body that it refuses', async () => {
    let isReleased = false
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('sallyport_csrf=bad&a=1')
        yield Buffer.from('more')
      } finally {
        isReleased = true
      }
    }
    expect(await inspectForm(watched(), urlencoded, isGood)).toBeNull()
    expect(isReleased).toBe(true)
  })

  it('takes a token that is cut in the middle, and none that isn’t over yet', async () => {
    expect(await join(await inspectForm(cut(Buffer.from('sallyport_csrf=good'), [3]), urlencoded, isGood))).toEqual(
      Buffer.from('sallyport_csrf=good'),
    )
    expect(await inspectForm(cut(Buffer.from('sallyport_csrf=goodbye'), [19, 3]), urlencoded, isGood)).toBeNull()
  })

  it('reads 64 KiB that come byte by byte without reading them over and over', async () => {
    const before = process.cpuUsage()
    expect(await inspectForm(cut(Buffer.alloc(maxInspectedBytes, 38), [1]), urlencoded, isGood)).toBeNull()
    // by its own account, for others may have the processor most of the time; over and over it would take minutes
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000)
  })

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=x; Boundary="a b"', 'a b'],
    ['multipart/form-data; boundary=', null],
    ['multipart/form-data; boundary="', null],
    [`multipart/form-data; boundary=${'a'.repeat(71)}`, null],
    ['multipart/form-data; boundary=a; boundary=b', null],
    ['multipart/mixed; boundary=a', null],
    ['text/plain', null],
    ['', null],
  ])('%s has the boundary %s', (type, boundary) => {
    const kind = formKind(type)
    expect(kind?.kind === 'multipart' ? kind.boundary : null).toBe(boundary)
  })
})
