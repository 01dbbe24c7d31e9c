import { join } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** A machine that does other things too takes its time: ten times as long as one that is idle, measured. */
const patience = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 15_000 } } }

/** `node`: what needs no runtime of its own. `workerd`: files named *.workerd.test.ts, inside workerd. `sockets`: real runtimes and programs, over sockets. */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/tally.ts'],
    // the most of it is waiting, for programs and for time
    maxWorkers: 2,
    projects: [
      {
        resolve: {
          alias: { 'cloudflare:workers': join(import.meta.dirname, 'test/support/cloudflare-workers.ts') },
        },
        test: {
          name: 'node',
          ...patience,
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/runtime/**', 'test/browser/**', '**/*.workerd.test.ts'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './src/runtime/workers.ts',
            wrangler: { configPath: './wrangler.toml' },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['test/**/*.workerd.test.ts'],
          ...patience,
        },
      },
      {
        test: {
          name: 'sockets',
          include: ['test/runtime/**/*.test.ts', 'test/browser/**/*.test.ts'],
          ...patience,
        },
      },
    ],
  },
})
