/** What every session store promises, run against each. */

import { describe, expect, it } from 'vitest'
import type { SessionStore } from '../../../src/session/store.ts'

export function storeContract(name: string, open: () => SessionStore): void {
  describe(`the store ${name}`, () => {
    const store = open()

    it('reads back what was written', async () => {
      await store.write('session:a', '{"v":1,"name":"Jörg"}', 60)
      expect(await store.read('session:a')).toBe('{"v":1,"name":"Jörg"}')
    })

    it('says null for what was never written', async () => {
      expect(await store.read('session:never')).toBeNull()
    })

    it('overwrites', async () => {
      await store.write('session:b', 'one', 60)
      await store.write('session:b', 'two', 60)
      expect(await store.read('session:b')).toBe('two')
    })

    it('forgets what was deleted, and deletes twice without complaint', async () => {
      await store.write('session:c', 'here', 60)
      await store.delete('session:c')
      await store.delete('session:c')
      expect(await store.read('session:c')).toBeNull()
    })
  })
}
