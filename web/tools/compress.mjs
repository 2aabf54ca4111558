// After the build: a .br and a .gz beside each file that gets smaller by them, which the server gives to browsers that take them.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const built = fileURLToPath(new URL('../../src/tenfour/web', import.meta.url));
const worth = /\.(html|js|css|json|svg|webmanifest|txt)$/;
const leastBytes = 1024;

const encodings = {
  '.br': (content) =>
    promisify(brotliCompress)(content, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
  '.gz': (content) => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
};

async function compress(path) {
  const content = await readFile(path);
  if (content.length < leastBytes) return;
  for (const [ending, encode] of Object.entries(encodings)) {
    const encoded = await encode(content);
    if (encoded.length < content.length) await writeFile(path + ending, encoded);
  }
}

const entries = await readdir(built, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && worth.test(entry.name) && !entry.parentPath.includes('/.'));
await Promise.all(files.map((entry) => compress(join(entry.parentPath, entry.name))));
