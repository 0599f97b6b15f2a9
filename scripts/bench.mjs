import { join } from 'node:path';
import { endOnInterruption } from './interruption.mjs';
import { redisSettings } from './jest.mjs';
import { run } from './processes.mjs';
import { redisBinary } from './redis-binary.mjs';
import { root } from './repository.mjs';

/** `npm run bench:NAME`: builds, finds a Redis server, and runs dist/bench/NAME.js. */
const [name] = process.argv.slice(2);
endOnInterruption();
const built = await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root });
if (!built.ok) process.exit(1);
const redis = await redisBinary();
const env = { ...process.env, ...redisSettings(redis) };
const { ok } = await run(process.execPath, [join(root, `dist/bench/${name}.js`)], { cwd: root, env });
process.exit(ok ? 0 : 1);
