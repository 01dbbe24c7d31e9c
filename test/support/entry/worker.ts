/** The gateway with the routes of the conformance suite, on workerd. */

import { createWorker } from '../../../src/runtime/workers.ts'
import routes from '../conformance-routes.ts'

export default createWorker(routes)
