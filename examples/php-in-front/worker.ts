/** The entry that wrangler deploys: the gateway with the routes of this folder. */

import { createWorker } from '../../src/runtime/workers.ts'
import routes from './routes/index.ts'

export default createWorker(routes)
