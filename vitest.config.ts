import path from 'node:path'
import { defineConfig } from 'vitest/config'

const scratch = path.join(import.meta.dirname, 'node_modules', '.cache')

/** Tests of judgement: no sockets, no processes, no clock. They share threads and modules, which is ten times as fast. */
const pure = [
  'test/model/**/*.test.ts',
  'test/wire/**/*.test.ts',
  'test/policy/**/*.test.ts',
  'test/pipeline/{identify,locate,decide,peek,explain}.test.ts',
]

export default defineConfig({
  test: {
    watch: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // What code under test writes for its user goes here; a test that minds has folders of its own.
    env: { XDG_STATE_HOME: path.join(scratch, 'state'), XDG_CACHE_HOME: scratch },
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: pure, pool: 'threads', isolate: false, testTimeout: 10_000 },
      },
      {
        extends: true,
        test: {
          name: 'sockets',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          pool: 'forks',
          // Threads that the code starts are Node's own and know no TypeScript.
          execArgv: ['--import', './test/support/load-typescript.mjs'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
