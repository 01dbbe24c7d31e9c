/** The gateway with the routes of the conformance suite, on Deno. */

import process from 'node:process'
import { serveDeno } from '../../../src/runtime/deno.ts'
import routes from '../conformance-routes.ts'
import { seeded } from './seeded.ts'

serveDeno(routes, await seeded(process.env['TEST_SESSIONS']))
