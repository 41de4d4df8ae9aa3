import { svelte } from '@sveltejs/vite-plugin-svelte';
import { VitePWA } from 'vite-plugin-pwa';
import { defineConfig } from 'vitest/config';

/** During `npm run dev` the API comes from here: a running `outpace serve`. */
const API = 'http://127.0.0.1:8088';

/** What a device needs to open lane, gate and place code without a network: all but the map, which nobody there looks at. */
const keepOnDevice = VitePWA({
  strategies: 'generateSW',
  filename: 'sw.js',
  // The pages that work without a network register it themselves; a resident's telephone keeps nothing.
  injectRegister: false,
  // A new page waits until whoever has the old one open takes it (`src/lib/page/build.svelte.ts`).
  registerType: 'prompt',
  includeAssets: ['favicon.svg'],
  workbox: {
    globPatterns: ['**/*.{html,js,css,svg,png,webmanifest}'],
    globIgnores: ['**/engine-*', '**/maplibre-*', '**/__vite-browser-external*'],
    navigateFallback: 'index.html',
    navigateFallbackDenylist: [/\/api\//, /\/openapi\.json$/],
    cleanupOutdatedCaches: true,
    clientsClaim: true,
    inlineWorkboxRuntime: true,
    sourcemap: false,
  },
  manifest: {
    name: 'Outpace 疫情处置 · Outbreak response',
    short_name: 'Outpace 疫情处置',
    description: '核酸采样、卡口核验、疫情处置 · Sampling, gates and outbreak response',
    lang: 'zh-CN',
    start_url: './',
    scope: './',
    display: 'standalone',
    background_color: '#f7f6f2',
    theme_color: '#1a1d21',
    icons: [
      { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: 'icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
    shortcuts: [
      { name: '采样通道 · Sampling lane', url: './#/lane' },
      { name: '状态核验 · Gate', url: './#/gate' },
      { name: '场所码 · Place code', url: './#/code' },
      { name: '我的档案 · My file', url: './#/mine' },
    ],
  },
});

export default defineConfig({
  // The page is embedded in the binary and may be served under any path: every reference is relative.
  base: './',
  plugins: [svelte(), keepOnDevice],
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
