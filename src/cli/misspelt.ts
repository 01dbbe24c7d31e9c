/** Finds settings that nothing reads because of how they are spelt: what they say would be left out without a word. */

import { editDistance, type Problem } from '../route/problem.ts'
import { settingNames } from '../settings.ts'

/** What the runtimes read beside the settings. */
const known = [...settingNames, 'DENO_KV_PATH'].filter((name) => name.includes('_'))

/**
 * @param names what stands in the environment
 * @param config the routes, which may name variables of their own
 */
export function misspelt(names: readonly string[], config: unknown): Problem[] {
  const own = namesIn(config)
  return names
    .filter((name) => !known.includes(name) && !own.has(name))
    .flatMap((name) => {
      const meant = known.find((other) => editDistance(name.toUpperCase(), other) <= Math.floor(other.length / 5))
      if (meant === undefined) return []
      return {
        file: 'environment',
        path: name,
        value: '',
        message: 'nothing reads it',
        fix: `did you mean "${meant}"?`,
      }
    })
}

/** Of every `{ env }`; of routes that are no plain data the schema speaks. */
function namesIn(config: unknown): ReadonlySet<string> {
  try {
    return new Set(Array.from((JSON.stringify(config) ?? '').matchAll(/"env":"(\w+)"/g), ([, name = '']) => name))
  } catch {
    return new Set()
  }
}
