/** The gateway with the routes of the benchmark, on workerd. */

import { createWorker } from '../../src/runtime/workers.ts'
import routes from './routes.ts'

export default createWorker(routes)
