/** The gateway beside its peers, on Node. */

import process from 'node:process'
import { serveNode } from '../../src/runtime/node.ts'
import { seeded } from '../../test/support/entry/seeded.ts'
import routes from './routes.ts'

serveNode(routes, await seeded(process.env['TEST_SESSIONS']))
