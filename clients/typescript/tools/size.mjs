/** How large the SDK is, whole, minified and gzipped: fails over the budget. */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const BUDGET_BYTES = 12_000;
const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));

const built = await build({
  configFile: false,
  logLevel: 'silent',
  build: {
    write: false,
    target: 'es2022',
    modulePreload: false,
    rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
  },
});
const [{ output }] = [built].flat();
const code = output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('');
const bytes = gzipSync(code, { level: 9 }).length;

console.log(`@tenfour/client: ${code.length} bytes minified, ${bytes} gzipped; the budget is ${BUDGET_BYTES}`);
if (bytes > BUDGET_BYTES) process.exitCode = 1;
if (process.argv.includes('--show')) console.log(code);
