/** How large the SDK is, minified and gzipped: what is loaded first fails over the budget, IndexedDB comes when needed. */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const BUDGET_BYTES = 12 * 1024;

const built = await build({
  configFile: false,
  logLevel: 'silent',
  build: {
    write: false,
    target: 'es2022',
    minify: true,
    ssr: fileURLToPath(new URL('../src/index.ts', import.meta.url)), // as it is, without Vite's own preloading
  },
});
for (const { name, code, isEntry } of [built].flat()[0].output) {
  const bytes = gzipSync(code, { level: 9 }).length;
  const budget = isEntry ? `; the budget is ${BUDGET_BYTES}` : ', loaded when needed';
  console.log(`@tenfour/client ${name}: ${code.length} bytes minified, ${bytes} gzipped${budget}`);
  if (isEntry && bytes > BUDGET_BYTES) process.exitCode = 1;
  if (process.argv.includes('--show')) console.log(code);
}
