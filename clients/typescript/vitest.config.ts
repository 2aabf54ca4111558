import { configDefaults, defineConfig } from 'vitest/config';

const isQuick = !process.env['CI'] && !process.env['TENFOUR_SLOW'];

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: isQuick ? [...configDefaults.exclude, 'tests/**/*.slow.test.ts'] : configDefaults.exclude,
    // A wait that never ends is a failure that says where; a slow machine is none.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
