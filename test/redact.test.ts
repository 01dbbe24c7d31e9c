import { describe, expect, it } from 'vitest'
import type { Refusal } from '../src/decision.ts'
import { methodForLog, pathForLog, redactRefusal } from '../src/redact.ts'
import { head } from './support/head.ts'

describe('a line of the log', () => {
  it.each<Refusal>([
    { reason: 'forged', from: 'x'.repeat(60_000) },
    { reason: 'no-host', host: 'x'.repeat(60_000) },
    { reason: 'loop', via: 'x'.repeat(60_000) },
    { reason: 'fault', cause: 'x'.repeat(60_000) },
  ])('is no longer for what a stranger wrote: $reason', (refusal) => {
    const logged = JSON.stringify(redactRefusal(refusal, head('GET https://app.example.com/')))
    expect(logged).toContain(refusal.reason)
    expect(logged.length).toBeLessThan(2_200)
  })

  it('has no method longer than one that is let through, and a shorter one whole', () => {
    expect(methodForLog('A'.repeat(60_000))).toBe('A'.repeat(32))
    expect(methodForLog('PROPFIND')).toBe('PROPFIND')
  })

  it('has no path longer than one that is matched, and a shorter one whole', () => {
    expect(pathForLog(`/${'a'.repeat(60_000)}`).length).toBe(16_384)
    expect(pathForLog(`/${'a'.repeat(8_000)}?b`)).toBe(`/${'a'.repeat(8_000)}`)
  })
})
