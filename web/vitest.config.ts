import { defineConfig, mergeConfig } from 'vitest/config';
import built from './vite.config';

export default mergeConfig(
  built,
  defineConfig({
    // Svelte's state as browsers have it, not as a server renders it once.
    resolve: { conditions: ['browser'] },
    test: { environment: 'node', testTimeout: 30_000 },
  }),
);
