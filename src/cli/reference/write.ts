/** Writes docs/routes.md: what `npm run docs` runs. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { routesPage } from './page.ts'

const docs = join(import.meta.dirname, '../../../docs')
mkdirSync(docs, { recursive: true })
writeFileSync(join(docs, 'routes.md'), routesPage())
