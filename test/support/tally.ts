/** Ends a test run with its count, alone on a line in the form that `.ci/run` reads, and says of each test left out why. */

import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason } from 'vitest/node'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const tallyLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state)
    // a file that can't be loaded has no tests to count, and is no less a failure
    const unloaded = modules.filter((module) => module.errors().length > 0).length
    const failed = inState('failed').length + unloaded + errors.length
    const left = tests.filter((test) => !['passed', 'failed'].includes(test.result().state))
    for (const test of left) console.log(`left out: ${test.module.relativeModuleId} > ${test.fullName}${noteOf(test)}`)
    console.log(
      tallyLine({
        passed: inState('passed').length,
        failed: reason === 'passed' ? failed : Math.max(failed, 1),
        skipped: left.length,
      }),
    )
  }
}

function noteOf(test: TestCase): string {
  const result = test.result()
  return result.state === 'skipped' && result.note ? `: ${result.note}` : ''
}
