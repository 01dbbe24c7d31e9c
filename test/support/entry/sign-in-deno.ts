/** The gateway whose people sign in at a real provider, on Deno. */

import process from 'node:process'
import { serveDeno } from '../../../src/runtime/deno.ts'
import routes from '../sign-in-routes.ts'
import { seeded } from './seeded.ts'

serveDeno(routes, await seeded(process.env['TEST_SESSIONS']))
