/** What every session store promises, run against each. */

import { beforeAll, describe, expect, it } from 'vitest'
import { storedPages } from '../../../src/session/list.ts'
import { type Key, pageSize, type SessionStore, type Stored } from '../../../src/session/store.ts'

let counter = 0
const run = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`

/** A key of nobody else's, at a place of its own. */
const fresh = (name = 'session', place = `place${run}${counter++}`): Key => ({
  place,
  name: `${name}:${run}-${counter++}`,
})

export function storeContract(name: string, open: () => SessionStore | Promise<SessionStore>): void {
  describe(`the store ${name}`, () => {
    let store: SessionStore
    beforeAll(async () => {
      store = await open()
    })
    const listed = async (place: string): Promise<Stored[]> => {
      const found: Stored[] = []
      for await (const page of storedPages(store, place)) found.push(...page)
      return found
    }
    const readOne = async (key: Key): Promise<string | null | undefined> => (await store.read([key]))[0]

    it.each([
      ['a record', '{"v":1,"name":"Jörg","at":1.5}'],
      ['what looks like a number', '007'],
      ['what looks like nothing', 'null'],
      ['an empty text', ''],
      ['quotes, line ends and a zero', '"\r\n\t\\ \u0001 \u2028'],
      ['other alphabets', '日本 😀'],
      ['60 KiB', 'x'.repeat(60_000)],
    ])('reads back %s as it was', async (_, text) => {
      const key = fresh()
      await store.write(key, text, 600)
      expect(await readOne(key)).toBe(text)
    })

    it('says null for what was never written', async () => {
      expect(await readOne(fresh())).toBeNull()
    })

    it('reads several in their order, the absent ones too', async () => {
      const [a, b, c] = [fresh(), fresh('ended'), fresh('not-before')]
      await store.write(a, 'a', 600)
      await store.write(c, 'c', null)
      expect(await store.read([c, b, a, c])).toEqual(['c', null, 'a', 'c'])
    })

    it('reads more than a hundred at once', async () => {
      const keys = Array.from({ length: 130 }, () => fresh())
      const last = keys.at(-1) ?? fresh()
      await store.write(last, 'last', 600)
      const texts = await store.read(keys)
      expect(texts).toHaveLength(130)
      expect(texts.filter((text) => text !== null)).toEqual(['last'])
    })

    it('overwrites', async () => {
      const key = fresh()
      await store.write(key, 'one', 600)
      await store.write(key, 'two', null)
      expect(await readOne(key)).toBe('two')
    })

    it('forgets what was deleted, and deletes twice without complaint', async () => {
      const key = fresh()
      await store.write(key, 'here', 600)
      await store.delete(key)
      await store.delete(key)
      expect(await readOne(key)).toBeNull()
      expect(await listed(key.place)).toEqual([])
    })

    it('swaps what is there, and nothing else', async () => {
      const key = fresh()
      expect(await store.swap(key, 'one', 'two', 600)).toBe(false)
      expect(await readOne(key)).toBeNull()
      expect(await store.swap(key, null, 'one', 600)).toBe(true)
      expect(await store.swap(key, null, 'again', 600)).toBe(false)
      expect(await store.swap(key, 'other', 'two', 600)).toBe(false)
      expect(await readOne(key)).toBe('one')
      expect(await store.swap(key, 'one', 'two', 600)).toBe(true)
      expect(await readOne(key)).toBe('two')
    })

    it('does not bring back by a swap what was deleted', async () => {
      const key = fresh()
      await store.write(key, 'one', 600)
      await store.delete(key)
      expect(await store.swap(key, 'one', 'two', 600)).toBe(false)
      expect(await readOne(key)).toBeNull()
    })

    it('lets one of many swaps win, where it is atomic', async () => {
      const key = fresh()
      await store.write(key, 'start', 600)
      const won = await Promise.all(Array.from({ length: 8 }, (_, at) => store.swap(key, 'start', `by ${at}`, 600)))
      if (store.promises.atomic) expect(won.filter(Boolean)).toHaveLength(1)
      expect(await readOne(key)).toMatch(/^by \d$/)
    })

    it('lists the sessions of a place, and nothing else of it', async () => {
      const [a, place] = [fresh(), fresh().place]
      const [b, c] = [fresh('session', place), fresh('session', place)]
      await store.write(a, 'elsewhere', 600)
      await store.write(b, 'b', 600)
      await store.swap(c, null, 'c', 900)
      await store.write(fresh('ended', place), '1.5', 600)
      const found = await listed(place)
      expect(new Map(found.map(({ key, text }) => [key.name, text]))).toEqual(
        new Map([
          [b.name, 'b'],
          [c.name, 'c'],
        ]),
      )
      expect(found.every(({ key }) => key.place === place)).toBe(true)
      await store.delete(b)
      expect((await listed(place)).map(({ text }) => text)).toEqual(['c'])
    })

    it('lists more than fits into a page, each once at least', async () => {
      const { place } = fresh()
      const keys = Array.from({ length: pageSize + 30 }, () => fresh('session', place))
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(keys.slice(at, at + 50).map((key) => store.write(key, key.name, 600)))
      const found = await listed(place)
      expect(found.length).toBeLessThan(2 * keys.length)
      expect(new Map(found.map(({ key, text }) => [key.name, text]))).toEqual(
        new Map(keys.map(({ name }) => [name, name])),
      )
      expect((await store.list(place, null)).stored.length).toBeLessThan(keys.length)
    })

    it('raises a time, and never lowers it: not by what lands late', async () => {
      const key = fresh('not-before')
      await store.raise(key, '1800000000.500', null)
      expect(await readOne(key)).toBe('1800000000.500')
      await store.raise(key, '1800000000.499', null)
      await store.raise(key, '999999999.999', 600)
      expect(await readOne(key)).toBe('1800000000.500')
      await store.raise(key, '1800000000.501', null)
      expect(await readOne(key)).toBe('1800000000.501')
      await store.write(key, 'no time', null)
      await store.raise(key, '1700000000.000', 600)
      expect(await readOne(key)).toBe('1700000000.000')
    })

    it('lets the highest of many at once stand, where it is atomic', async () => {
      const key = fresh('not-before', `issuer-${run}-${counter++}`)
      const times = Array.from({ length: 12 }, (_, at) => `18000000${String((at * 5) % 12).padStart(2, '0')}.000`)
      await Promise.all(times.map((time) => store.raise(key, time, null)))
      if (store.promises.atomic) expect(await readOne(key)).toBe('1800000011.000')
    })

    it('keeps what has no place, and what everybody asks for', async () => {
      const nowhere = fresh('session', '')
      const everybody = fresh('not-before-issuer', `issuer-${run}`)
      await store.write(nowhere, 'here', 600)
      await store.write(everybody, '12.5', null)
      const subjects = ['a', 'B', '-', '_', '7'].map((start) => fresh('not-before', `${start}${run}`))
      expect(await readOne(nowhere)).toBe('here')
      for (const subject of subjects) expect(await store.read([subject, everybody])).toEqual([null, '12.5'])
    })
  })
}
