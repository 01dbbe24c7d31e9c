/** The whole conformance table, by topic. */

import type { Exchange } from '../exchange.ts'
import { answers } from './answers.ts'
import { bodies } from './bodies.ts'
import { credentials } from './credentials.ts'
import { failures } from './failures.ts'
import { headers } from './headers.ts'
import { paths } from './paths.ts'
import { proxying } from './proxying.ts'

export const exchanges: readonly { readonly topic: string; readonly rows: readonly Exchange[] }[] = [
  { topic: 'paths', rows: paths },
  { topic: 'headers', rows: headers },
  { topic: 'credentials', rows: credentials },
  { topic: 'bodies', rows: bodies },
  { topic: 'answers', rows: answers },
  { topic: 'proxying', rows: proxying },
  { topic: 'failures', rows: failures },
]
