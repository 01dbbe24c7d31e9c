/** Two hosts before an origin that sets nothing: one under each preset. */

import { createWorker } from '../../src/runtime/workers.ts'

const originOf = (preset: string) => ({
  name: preset,
  host: `${preset}.example.test`,
  upstream: { env: 'APP_URL' },
  redirectToHttps: true,
  headers: preset,
  rules: [{ path: '/*', access: 'public' }],
})
const routes = { origins: [originOf('legacy'), originOf('strict')] }

export default createWorker(routes)
