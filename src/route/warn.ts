/** Finds what is allowed and yet shouldn't stay: it keeps nobody from starting. */

import type { Gateway } from './compile.ts'
import { formatPath, type Problem } from './problem.ts'

/** @returns a warning for each rule that only reports */
export const warn = (gateway: Gateway): Problem[] =>
  gateway.origins
    .flatMap((origin) => origin.routes)
    .filter((route) => route.mode === 'report')
    .map((route) => ({
      file: `routes/${route.origin.name}.ts`,
      path: formatPath(['rules', route.index, 'mode']),
      value: 'report',
      message: `the rule "${route.path}" only reports: it lets everyone in whom its access, CSRF and CORS would refuse`,
      fix: 'read the log for "would", then write mode: "enforce", or leave it out here and at the origin',
    }))
