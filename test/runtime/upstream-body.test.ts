import { expect, it } from 'vitest'
import { createIncoming, type Incoming, streamOf } from '../../src/runtime/upstream-body.ts'

interface Pipe extends Incoming {
  readonly flow: { paused: boolean; resumed: number; aborted: number }
}

function open(onResume: (pipe: Pipe) => void = () => undefined): Pipe {
  const flow = {
    paused: false,
    resumed: 0,
    aborted: 0,
    pause() {
      flow.paused = true
    },
    resume() {
      flow.paused = false
      flow.resumed++
      onResume(pipe)
    },
    abort: () => void flow.aborted++,
  }
  const pipe: Pipe = { ...createIncoming(flow), flow }
  return pipe
}

const bytes = (...numbers: number[]) => Uint8Array.from(numbers)

it('keeps what came early, and lets no more come, until somebody reads', () => {
  const { push, body, flow, end } = open()
  push(bytes(1))
  expect(flow.paused).toBe(false)
  push(bytes(2))
  push(new Uint8Array(65_534))
  expect([flow.paused, body.whole()]).toEqual([true, null])
  const read: (number | string)[] = []
  body.read({
    chunk: (chunk) => read.push(...chunk.slice(0, 2)) > 0,
    end: () => read.push('end'),
    fail: () => read.push('fail'),
  })
  expect([read, flow.resumed]).toEqual([[1, 2, 0, 0], 1])
  push(bytes(3))
  end()
  expect(read).toEqual([1, 2, 0, 0, 3, 'end'])
})

it('is there whole where it came with the head and is over, and never where it broke off', () => {
  const [one, none, more, broken, left] = [open(), open(), open(), open(), open()]
  for (const { push } of [one, more, broken, left]) push(bytes(1))
  for (const { body } of [one, none, more, broken, left]) expect(body.whole()).toBeNull()
  for (const { end } of [one, none]) end()
  more.push(bytes(2))
  more.end()
  broken.fail()
  left.body.cancel()
  left.end()
  const whole = [one, none, more, broken, left].map(({ body }) => body.whole())
  expect(whole).toEqual([bytes(1), bytes(), null, null, null])
})

it('is over after what came early, where all of it came early', () => {
  for (const how of ['end', 'fail'] as const) {
    const pipe = open()
    pipe.push(bytes(1))
    pipe[how]()
    const read: unknown[] = []
    pipe.body.read({ chunk: () => read.push('chunk') > 0, end: () => read.push('end'), fail: () => read.push('fail') })
    expect(read).toEqual(['chunk', how])
    pipe.body.cancel()
    expect([pipe.flow.resumed, pipe.flow.aborted]).toEqual([0, 0])
  }
})

it('waits for a reader that has enough, and for nothing to come', () => {
  const { push, body, flow } = open()
  let isEnough = true
  body.read({ chunk: () => !isEnough, end: () => undefined, fail: () => undefined })
  push(bytes())
  expect(flow.paused).toBe(false)
  push(bytes(1))
  expect(flow.paused).toBe(true)
  isEnough = false
  body.resume()
  body.resume()
  push(bytes(2))
  expect([flow.paused, flow.resumed]).toEqual([false, 1])
  body.cancel()
  expect(flow.aborted).toBe(1)
})

it('as a web stream gives each chunk when it is asked for, whoever asks while one is given', async () => {
  let next = 0
  const pipe = open(({ push, end }) => {
    push(bytes())
    if (next === 5) end()
    else push(bytes(next++))
  })
  pipe.push(bytes(99))
  const reader = streamOf(pipe.body).getReader()
  const read: number[] = []
  for (let pending = reader.read(); ; ) {
    const { value, done } = await pending
    if (done) break
    // the next one is waited for before this one is done with
    pending = reader.read()
    read.push(...value)
  }
  expect(read).toEqual([99, 0, 1, 2, 3, 4])
})

it('as a web stream breaks off where the upstream does, and tells it that nobody reads', async () => {
  const broken = open()
  const reader = streamOf(broken.body).getReader()
  const pending = reader.read()
  broken.fail()
  await expect(pending).rejects.toThrow('broke off')
  const left = open()
  await streamOf(left.body).cancel()
  left.push(bytes(1))
  left.end()
  expect(left.flow.aborted).toBe(1)
})
