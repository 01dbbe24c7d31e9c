/** Compiles a configuration for tests, and finds routes in it. */

import { compile, type Gateway } from '../../src/route/compile.ts'
import { describeProblem } from '../../src/route/problem.ts'
import type { GatewayConfig, OriginConfig, RuleConfig } from '../../src/route/schema.ts'

/** An origin that takes sessions, on app.example.com, in front of upstream.test. */
export const originOf = (rules: RuleConfig[], more: Partial<OriginConfig> = {}): OriginConfig => ({
  name: 'app',
  host: 'app.example.com',
  upstream: 'https://upstream.test',
  session: true,
  ...more,
  rules,
})

/** Throws what an operator would read. */
export function compiled(config: GatewayConfig, environment: Record<string, unknown> = {}): Gateway {
  const result = compile(config, environment)
  if (!result.ok) throw new Error(result.error.map(describeProblem).join('\n'))
  return result.value
}

/** What an operator reads about a configuration; empty when it is fine. */
export function problemsIn(config: unknown, environment: Record<string, unknown> = {}): string[] {
  const result = compile(config, environment)
  return result.ok ? [] : result.error.map(describeProblem)
}
