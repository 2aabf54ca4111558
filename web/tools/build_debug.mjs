// After the build of the client: the debugger, the test page and the test script, each one file that needs nothing else,
// into src/tenfour/web/debug. Their pages connect to any server, so they have a policy of their own, by hashes.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

const web = new URL('../', import.meta.url);
const target = new URL('../src/tenfour/web/debug/', web);
const sdk = fileURLToPath(new URL('../clients/typescript/src/index.ts', web));

const pages = [
  { entry: 'debugger.ts', name: 'websocket-debug.html', title: 'Connection debugger · Tenfour' },
  { entry: 'tester.ts', name: 'websocket-test.html', title: 'Connection test · Tenfour' },
];

/** The script and the style sheet of an entry, each in one piece. */
async function bundle(entry, format) {
  const { output } = await build({
    root: fileURLToPath(web),
    configFile: false,
    logLevel: 'warn',
    plugins: [svelte()],
    resolve: { alias: { '@tenfour/client': sdk } },
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox125', 'safari17.5'],
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: {
        input: fileURLToPath(new URL(`debug/${entry}`, web)),
        output: { format, codeSplitting: false },
      },
    },
  });
  const scripts = output.filter(({ type }) => type === 'chunk').map(({ code }) => code);
  const styles = output.filter(({ fileName }) => fileName.endsWith('.css')).map(({ source }) => String(source));
  if (scripts.length !== 1) throw new Error(`${entry} became ${scripts.length} scripts, and has to be one`);
  return { script: scripts[0].trim(), style: styles.join('').trim() };
}

/** What ends or hides a script in HTML, written in a way that does not. */
const inHtml = (script) => script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

async function page({ entry, name, title }) {
  const bundled = await bundle(entry, 'es');
  const [script, style] = [inHtml(bundled.script), bundled.style];
  const template = await readFile(new URL('debug/page.html', web), 'utf8');
  const mark = await readFile(new URL('public/mark.svg', web), 'base64');
  const filled = {
    policy: [
      "default-src 'none'",
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      'connect-src * ws: wss:',
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; '),
    icon: `data:image/svg+xml;base64,${mark}`,
    title,
    style: `<style>${style}</style>`,
    script: `<script type="module">${script}</script>`,
  };
  await writeFile(
    new URL(name, target),
    template.replace(/<!-- %(\w+)% -->|%(\w+)%/g, (_, element, text) => filled[element ?? text]),
  );
}

await mkdir(target, { recursive: true });
for (const each of pages) await page(each);
const { script } = await bundle('script.ts', 'iife');
const head =
  '#!/usr/bin/env node\n// Tenfour: a test of a WebSocket connection. Made by the build from web/debug; SPDX-License-Identifier: Apache-2.0\n';
await writeFile(new URL('websocket-test.js', target), `${head}${script}\n`);
