/** The gateway beside its peers, on workerd. */

import { createWorker } from '../../src/runtime/workers.ts'
import routes from './routes.ts'

export default createWorker(routes)
