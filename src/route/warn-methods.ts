/** Finds methods that are misspelt: such a rule matches nothing, and what it was to guard is judged by the rules below it. */

import type { Gateway } from './compile.ts'
import { formatPath, nearest, type Problem } from './problem.ts'

const usual = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Near to one of these, and yet itself: some APIs ask for it. */
const others = ['LIST']

export const misspeltMethods = ({ origins }: Gateway): Problem[] =>
  origins
    .flatMap((origin) => origin.routes)
    .flatMap((route) =>
      [...(route.methods ?? [])].flatMap((method) => {
        const meant = nearest(method, usual)
        if (meant === undefined || meant === method || others.includes(method)) return []
        return {
          file: `routes/${route.origin.name}.ts`,
          path: formatPath(['rules', route.index, 'methods']),
          value: JSON.stringify(method),
          message: `the rule "${route.path}" waits for a method that hardly anybody sends`,
          fix: `did you mean "${meant}"?`,
        }
      }),
    )
