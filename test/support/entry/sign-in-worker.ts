/** The gateway whose people sign in at a real provider, on workerd. */

import { createWorker } from '../../../src/runtime/workers.ts'
import routes from '../sign-in-routes.ts'

export default createWorker(routes)
