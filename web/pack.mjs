/** Puts `.br` and `.gz` beside every text of the build, as its last step: the server embeds them and compresses nothing of the page
 *  itself. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Below this a file is not worth a second copy, bytes. */
const FROM = 1_024;
const TEXTS = /\.(js|mjs|css|html|svg|webmanifest)$/;
const dist = fileURLToPath(new URL('dist/', import.meta.url));

for (const name of readdirSync(dist, { recursive: true })) {
  const path = `${dist}${name}`;
  if (!TEXTS.test(name) || statSync(path).size < FROM) continue;
  const text = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }));
  writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
}
