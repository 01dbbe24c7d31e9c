/** The gateway with whatever routes a test gives it, on Deno. */

import process from 'node:process'
import { serveDeno } from '../../../src/runtime/deno.ts'
import { seeded } from './seeded.ts'

serveDeno(JSON.parse(process.env['TEST_ROUTES'] ?? ''), await seeded(process.env['TEST_SESSIONS']))
