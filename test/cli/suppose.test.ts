import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSupposingAuthenticator } from '../../src/authenticate/suppose.ts'
import { checkout } from './support.ts'

const supposed = { kind: 'bearer', claims: { sub: 'ada' } } as const
const terms = { issuers: [], freshnessSeconds: 5, staleIfErrorSeconds: 0, origin: 'app' }
const ignore = (): void => undefined

test('nothing but the CLI can take somebody’s word', () => {
  const importers = globSync('src/**/*.ts', { cwd: checkout }).filter((file) =>
    /from '[^']*\/suppose\.ts'/.test(readFileSync(join(checkout, file), 'utf8')),
  )
  expect(importers).not.toEqual([])
  expect(importers.filter((file) => !file.startsWith('src/cli/'))).toEqual([])
})

test('a credential other than the stand-in is never believed', async () => {
  const authenticate = createSupposingAuthenticator(supposed, { kind: 'bearer', token: 'a.b.c' })
  expect(await authenticate({ kind: 'none' }, terms, ignore)).toEqual({ ok: true, value: null })
  expect(await authenticate({ kind: 'bearer', token: 'a.b.d' }, terms, ignore)).toMatchObject({ ok: false })
  expect(await authenticate({ kind: 'session', cookie: 'a.b.c' }, terms, ignore)).toMatchObject({ ok: false })
})
