/** A fresh Chromium of the machine, and a page that notes whatever should not happen. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
];

/** The browser to use: CHROMIUM, or the first that is there; `null` where there is none. */
export function browserPath() {
  return process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path)) ?? null;
}

/** Opens pages in one fresh profile each; `close` removes them. */
export function openBrowser(executablePath) {
  const folders = [];
  const contexts = [];
  return {
    /** One context is one reader: language, size, theme, and what the browser remembers. */
    async reader({ locale, width, height, phone = false, dark = false }) {
      const folder = mkdtempSync(join(tmpdir(), 'outpace-e2e-'));
      folders.push(folder);
      const context = await chromium.launchPersistentContext(folder, {
        executablePath,
        args: FLAGS,
        locale,
        viewport: { width, height },
        isMobile: phone,
        hasTouch: phone,
        deviceScaleFactor: phone ? 2 : 1,
        colorScheme: dark ? 'dark' : 'light',
      });
      contexts.push(context);
      return context;
    },
    async close() {
      for (const context of contexts) await context.close().catch(() => {});
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Notes errors and requests that leave the origin. Answers lists that fill while the page lives. */
export function watch(page, origin) {
  const errors = [];
  const strays = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['data:', 'blob:', 'about:'].includes(url.protocol)) return;
    if (url.origin !== origin) strays.push(request.url());
  });
  return { errors, strays };
}

/** How many colours a picture has: a map that was drawn has many, an empty one a handful. */
export async function coloursIn(context, png) {
  const page = await context.newPage();
  const colours = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context2d = canvas.getContext('2d');
    context2d.drawImage(image, 0, 0);
    const seen = new Set(new Uint32Array(context2d.getImageData(0, 0, image.width, image.height).data.buffer));
    return seen.size;
  }, png.toString('base64'));
  await page.close();
  return colours;
}
