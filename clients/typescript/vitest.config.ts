import { defineConfig } from 'vitest/config';

export default defineConfig({
  // A wait that never ends is a failure that says where; a slow machine is none.
  test: { include: ['tests/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
