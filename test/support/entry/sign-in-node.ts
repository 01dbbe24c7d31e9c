/** The gateway whose people sign in at a real provider, on Node. */

import process from 'node:process'
import { serveNode } from '../../../src/runtime/node.ts'
import routes from '../sign-in-routes.ts'
import { seeded } from './seeded.ts'

serveNode(routes, await seeded(process.env['TEST_SESSIONS']))
