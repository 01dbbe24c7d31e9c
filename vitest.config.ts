import { join } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

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
          // a machine that does other things too takes its time
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
        test: { name: 'workerd', include: ['test/**/*.workerd.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      {
        test: {
          name: 'sockets',
          include: ['test/runtime/**/*.test.ts', 'test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
