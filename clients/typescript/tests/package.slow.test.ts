/** What is handed out: modules that Node takes as they are, and not too much of them. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

test('the built modules are imported by Node without a bundler', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenfour-client-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    execFileSync(process.execPath, [TSC, '--project', 'tsconfig.build.json', '--outDir', folder], { cwd: HERE });

    const modules = ['index.js', 'indexeddb.js'].map((name) => pathToFileURL(join(folder, name)).href);
    const script = `for (const each of ${JSON.stringify(modules)}) console.log(Object.keys(await import(each)).join(' '))`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });

    expect(said).toMatch(/\bClient\b/);
    expect(said).toMatch(/\bIndexedDbKeeping\b/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the SDK is within its budget', () => {
  const said = execFileSync(process.execPath, ['tools/size.mjs'], { cwd: HERE, encoding: 'utf8' });

  expect(said).toContain('the budget is 12288');
});
