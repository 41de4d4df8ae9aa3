import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** During `npm run dev` the API comes from here: the mock (`npm run mock`) or a running `outpace serve`. */
const API = 'http://127.0.0.1:8088';

export default defineConfig({
  // The page is embedded in the binary and may be served under any path: every reference is relative.
  base: './',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The map library is one large file by nature and is loaded only once the figures stand.
    chunkSizeWarningLimit: 1300,
    assetsInlineLimit: 0,
    // The notices of what is bundled travel with it, as their licences ask.
    license: { fileName: 'licenses.md' },
  },
  server: { host: '127.0.0.1', proxy: { '/api': API } },
  test: { include: ['src/**/*.test.ts'], environment: 'node', css: true },
});
