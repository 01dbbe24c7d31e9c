/** The gateway whose people sign in with a browser, on workerd. */

import { createWorker } from '../../../src/runtime/workers.ts'
import routes from './sign-in-routes.ts'

export default createWorker(routes)
