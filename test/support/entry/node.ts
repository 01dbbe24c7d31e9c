/** The gateway with the routes of the conformance suite, on Node. */

import process from 'node:process'
import { serveNode } from '../../../src/runtime/node.ts'
import routes from '../conformance-routes.ts'
import { seeded } from './seeded.ts'

serveNode(routes, await seeded(process.env['TEST_SESSIONS']))
