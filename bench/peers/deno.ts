/** The gateway beside its peers, on Deno. */

import process from 'node:process'
import { serveDeno } from '../../src/runtime/deno.ts'
import { seeded } from '../../test/support/entry/seeded.ts'
import routes from './routes.ts'

serveDeno(routes, await seeded(process.env['TEST_SESSIONS']))
