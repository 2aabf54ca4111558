import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

const sdk = fileURLToPath(new URL('../clients/typescript/src/index.ts', import.meta.url));

const server = process.env['TENFOUR_URL'] ?? 'http://127.0.0.1:8410';

const installable = VitePWA({
  strategies: 'injectManifest',
  srcDir: 'src/worker',
  filename: 'sw.ts',
  // src/lib/pwa.ts registers it: a script in the page is refused by the Content-Security-Policy.
  injectRegister: false,
  injectManifest: { globPatterns: ['**/*.{html,js,css,json,svg,woff2,mp3,ogg,wav}'] },
  manifest: {
    id: '/',
    name: 'Tenfour',
    short_name: 'Tenfour',
    description: 'Chat that arrives: durable, in order, and able to say what is wrong.',
    start_url: '/',
    scope: '/',
    display: 'standalone',
    theme_color: '#00717c',
    background_color: '#ffffff',
    categories: ['social', 'productivity'],
    icons: [
      { src: '/icons/192.png', sizes: '192x192', type: 'image/png' },
      { src: '/icons/512.png', sizes: '512x512', type: 'image/png' },
      { src: '/icons/512-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      { src: '/mark.svg', sizes: 'any', type: 'image/svg+xml' },
    ],
  },
});

export default defineConfig({
  plugins: [svelte(), installable],
  // The SDK is built from its sources, so that a change of it needs no step of its own.
  resolve: { alias: { '@tenfour/client': sdk } },
  build: {
    // The server serves the build from inside the Python package.
    outDir: '../src/tenfour/web',
    emptyOutDir: true,
    target: 'es2022',
    // What has popovers, light-dark() and oklch() by itself: older forms of the tokens would double the sheet.
    cssTarget: ['chrome123', 'firefox125', 'safari17.5'],
    // What is inlined as data: would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    // One file for the first load: apart, its pieces compress worse and are asked for one by one.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } },
    // tools/budget.mjs reads from it what the first load takes.
    manifest: true,
    reportCompressedSize: false,
  },
  // As if its page came from the server, which knows no other origin.
  server: { proxy: { '/api': { target: server, ws: true, headers: { origin: server } } } },
});
