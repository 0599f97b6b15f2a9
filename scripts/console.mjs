import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist } from './dist.mjs';
import { root } from './repository.mjs';

/** Where the gateway finds the built console. */
const out = join(dist, 'apps/console/public');
const stampFile = join(dist, 'apps/console/.stamp');
const SOURCES = ['apps/console', 'libs/client/src', 'package-lock.json', 'scripts/console.mjs'];
/** Most bytes of all scripts together, gzipped. */
const SCRIPTS_MAX_BYTES = 80_000;

/** A text that changes with the sources of the console: the time of the last change of each file, which is cheap to ask for. */
export function consoleSources() {
  const files = SOURCES.flatMap(filesOf);
  return files.map((file) => `${file} ${statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs}`).join('\n');
}

/**
 * Builds apps/console with Vite, unless it was built from exactly these sources. Resolves with whether it was built now.
 *
 * @throws if the sources do not compile, or the scripts are too large
 */
export async function buildConsole() {
  const stamp = digestOf(SOURCES.flatMap(filesOf));
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false;
  const { build } = await import('vite');
  await build({
    root: join(root, 'apps/console'),
    // A configuration file would be compiled into node_modules first.
    configFile: false,
    logLevel: 'warn',
    resolve: {
      alias: [
        { find: '#client', replacement: join(root, 'libs/client/src/index.ts') },
        // Loaded only with the option `tabs`, which the console does not set: each of its tabs has switches of its own.
        { find: /^\.\/tabs\.js$/, replacement: join(root, 'apps/console/src/model/no-tabs.ts') },
      ],
    },
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2022',
      // The content security policy allows no inline script and no data: URL of one.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
  const bytes = filesOf(join('dist/apps/console/public')).filter(isScript).reduce(sumGzipped, 0);
  if (bytes > SCRIPTS_MAX_BYTES) {
    throw new Error(`the scripts of the console have ${bytes} bytes gzipped, at most ${SCRIPTS_MAX_BYTES} are allowed`);
  }
  console.log(`The console is built: ${(bytes / 1000).toFixed(1)} kB of scripts, gzipped`);
  writeFileSync(stampFile, stamp);
  return true;
}

function filesOf(path) {
  if (!existsSync(join(root, path))) return [];
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : [join(path, entry.name)]));
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

const isScript = (file) => file.endsWith('.js');
const sumGzipped = (sum, file) => sum + gzipSync(readFileSync(join(root, file)), { level: 9 }).length;
