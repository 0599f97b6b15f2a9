import { join } from 'node:path';
import { install } from './install.mjs';
import { endOnInterruption } from './interruption.mjs';
import { run } from './processes.mjs';
import { root } from './repository.mjs';

/** `npm run conformance -- …`: installs and builds what is missing, and checks a running deployment (test/conformance). */
endOnInterruption();
await install();
const built = await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
if (!built.ok) process.exit(1);
const args = [join(root, 'dist/test/conformance/main.js'), ...process.argv.slice(2)];
const { code } = await run(process.execPath, args, { cwd: root });
process.exit(code ?? 1);
