import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { clientGuide } from './client-guide.mjs';
import { install } from './install.mjs';
import { run } from './processes.mjs';
import { root, tool } from './repository.mjs';

/**
 * `npm run build:client`: builds the package `pollcast-client` in libs/client/dist, as ECMAScript modules and as CommonJS with
 * types for both, and checks what would be published: publint, are-the-types-wrong, the lines of its guides, and sizes. `npm pack ./libs/client` makes
 * the archive.
 */
const folder = join(root, 'libs/client');
/** Largest sizes, minified and gzipped, bytes. */
const BINDING_MAX = 1024;
const BINDINGS = ['older', 'react', 'vue', 'svelte', 'angular', 'tanstack-query', 'tanstack-db'];
const MOST = { index: 6000, ...Object.fromEntries(BINDINGS.map((name) => [name, BINDING_MAX])) };
const KINDS = [
  ['esm', 'module', ['--module', 'ES2022', '--moduleResolution', 'bundler']],
  ['cjs', 'commonjs', ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '5.0']],
];

await install();
rmSync(join(folder, 'dist'), { recursive: true, force: true });
for (const [kind, type, options] of KINDS) {
  const out = join(folder, 'dist', kind);
  await must('tsc', [tool('typescript/bin/tsc'), '-p', folder, '--outDir', out, ...options]);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'package.json'), `${JSON.stringify({ type, sideEffects: false })}\n`);
}
await must('publint', [tool('publint/src/cli.js'), folder, '--strict']);
// Its ignored rule is about Node's oldest resolution, which knows no `exports`.
await must('are the types wrong', [
  tool('@arethetypeswrong/cli/dist/index.js'),
  ...['--pack', folder, '--profile', 'node16', '--no-color', '--format', 'table-flipped'],
]);
await must('the lines of the guides', [tool('typescript/bin/tsc'), '-p', clientGuide(folder)]);
let isSmall = true;
for (const [name, most] of Object.entries(MOST)) {
  const bytes = await sizeOf(name);
  console.log(`${name}: ${bytes} bytes minified and gzipped, at most ${most}`);
  isSmall &&= bytes <= most;
}
process.exit(isSmall ? 0 : 1);

/** What a page that imports this entry loads; a binding without the core, which the page has anyhow. */
async function sizeOf(name) {
  const entry = join(folder, 'dist/esm', `${name}.js`);
  const { outputFiles } = await build({
    ...(name === 'index'
      ? { stdin: { contents: `export { connect } from '${entry}';`, resolveDir: folder } }
      : { entryPoints: [entry], external: ['react', 'vue', '@angular/core', './ticket-view.js'] }),
    bundle: true,
    splitting: true,
    outdir: folder,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  const loaded = outputFiles.find(({ path }) => [`stdin.js`, `${name}.js`].includes(basename(path)));
  return gzipSync(loaded.contents, { level: 9 }).length;
}

async function must(name, args) {
  const { ok, output } = await run(process.execPath, args, { cwd: root, capture: true });
  if (!ok) {
    console.error(`FAILED  ${name}\n${output.trim()}`);
    process.exit(1);
  }
  console.log(`ok  ${name}`);
}
