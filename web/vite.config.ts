import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const sdk = fileURLToPath(new URL('../clients/typescript/src/index.ts', import.meta.url));

export default defineConfig({
  plugins: [svelte()],
  // The SDK is built from its sources, so that a change of it needs no step of its own.
  resolve: { alias: { '@tenfour/client': sdk } },
  // The server serves the build from inside the Python package.
  build: { outDir: '../src/tenfour/web', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8410', ws: true } } },
});
