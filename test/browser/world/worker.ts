/** The gateway that the browser meets, on workerd. */

import { createWorker } from '../../../src/runtime/workers.ts'
import routes from './routes.ts'

export default createWorker(routes)
