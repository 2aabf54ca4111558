import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import built from './vite.config';

const isQuick = !process.env['CI'] && !process.env['TENFOUR_SLOW'];

export default mergeConfig(
  built,
  defineConfig({
    // Svelte's state as browsers have it, not as a server renders it once.
    resolve: { conditions: ['browser'] },
    test: {
      environment: 'node',
      exclude: isQuick ? [...configDefaults.exclude, 'tests/**/*.slow.test.ts'] : configDefaults.exclude,
      // A wait that never ends is a failure that says where; a slow machine is none.
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  }),
);
