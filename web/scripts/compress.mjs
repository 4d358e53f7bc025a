// Beside each file of text its .br and .gz, so that the gateway does not press it anew for everybody.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');
/** Smaller files are not worth a second one. */
const LEAST = 512;

function visit(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) visit(path);
    else if (/\.(js|css|html|svg|json|webmanifest|txt)$/.test(name) && statSync(path).size >= LEAST) press(path);
  }
}

function press(path) {
  const plain = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }));
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
}

// It is for the build alone.
rmSync(join(DIST, '.vite'), { recursive: true, force: true });
visit(DIST);
