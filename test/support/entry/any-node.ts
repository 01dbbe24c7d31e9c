/** The gateway with whatever routes a test gives it, on Node. */

import process from 'node:process'
import { serveNode } from '../../../src/runtime/node.ts'
import { seeded } from './seeded.ts'

serveNode(JSON.parse(process.env['TEST_ROUTES'] ?? ''), await seeded(process.env['TEST_SESSIONS']))
