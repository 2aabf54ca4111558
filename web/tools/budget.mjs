// The JavaScript that a browser loads before it shows anything: the entry and all that it imports statically.
// Exit code 1 where it is more than the budget.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budgetBytes = 90_000;
const built = new URL('../../src/tenfour/web/', import.meta.url);

let manifest;
try {
  manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', built), 'utf8'));
} catch (cause) {
  console.error(`Nothing is built in ${fileURLToPath(built)}; 'make web' builds it (${cause.message}).`);
  process.exit(1);
}

const chunks = new Set();
function visit(name) {
  if (chunks.has(name)) return;
  chunks.add(name);
  manifest[name].imports?.forEach(visit);
}
visit('index.html');

const sizes = [...chunks]
  .map((name) => manifest[name].file)
  .map((file) => ({ file, bytes: gzipSync(readFileSync(new URL(file, built)), { level: 9 }).length }))
  .sort((one, other) => other.bytes - one.bytes);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
console.log(`First load: ${kilobytes(total)} of JavaScript, gzipped; the budget is ${kilobytes(budgetBytes)}.`);
if (total > budgetBytes) {
  for (const { file, bytes } of sizes) console.error(`${kilobytes(bytes).padStart(10)}  ${file}`);
  console.error('What is not needed at once is to be loaded by import().');
  process.exit(1);
}
