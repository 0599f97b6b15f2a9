import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { demoToken } from './demo-token.mjs';
import { Deployment } from './deployment.mjs';
import { install } from './install.mjs';
import { interruption } from './interruption.mjs';
import { freePort, nextFreePort } from './port.mjs';
import { killEverything, run } from './processes.mjs';
import { privateRedis } from './redis-server.mjs';
import { cache, root } from './repository.mjs';

/**
 * `npm start`: the whole of Pollcast on one machine, against the simulator, with nothing needed beforehand but node.
 */
const LOOPBACK = '127.0.0.1';
const DRAIN_MS = 500;

const folder = mkdtempSync(join(tmpdir(), 'pollcast-'));
const removeFolder = () => rmSync(folder, { recursive: true, force: true });
const deployment = new Deployment({ folder, graceMs: DRAIN_MS + 5000 });

let exitCode = 0;
try {
  await Promise.race([interruption(removeFolder), startAll().then(() => deployment.broken)]);
} catch (error) {
  console.error(error.message);
  exitCode = 1;
}
await deployment.stop();
killEverything(); // an interrupted install or build
removeFolder();
process.exit(exitCode);

async function startAll() {
  await install();
  const build = await run(process.execPath, [join(root, 'scripts/build.mjs')]);
  if (!build.ok) throw new Error('the build failed');

  const redisUrl = process.env.REDIS_URL || (await startRedis());
  const secret = randomBytes(32).toString('base64url');
  const gatewayHost = process.env.HOST || LOOPBACK;
  const gatewayPort = await nextFreePort(gatewayHost, Number(process.env.PORT) || 3000);

  const simulator = await startApp('simulator', { SIMULATOR_DEMO: 'true' });
  const upstream = {
    REDIS_URL: redisUrl,
    UPSTREAM_BASE_URL: simulator,
    UPSTREAM_AUTH: 'token',
    UPSTREAM_TOKEN: 'demo',
  };
  await startApp('worker', upstream);
  const gateway = await startApp('gateway', {
    ...upstream,
    HOST: gatewayHost,
    PORT: String(gatewayPort),
    AUTH_MODE: 'jwt',
    AUTH_JWT_SECRET: secret,
  });

  const stream = `${gateway}/v1/events?case_ids=demo-1&case_ids=demo-2`;
  console.log(`Pollcast is ready at ${gateway}/ (Ctrl-C ends it; logs in ${relative(root, cache('start'))}/*.log).`);
  console.log('The messages of two tickets, as they arrive:');
  console.log(`curl -N '${stream}' -H 'Authorization: Bearer ${demoToken(secret)}'`);
}

async function startRedis() {
  const { url, ...how } = await privateRedis({ folder });
  await deployment.start('redis', { ...how, log: cache('start', 'redis.log') });
  return url;
}

async function startApp(name, settings) {
  const port = settings.PORT ?? String(await freePort(LOOPBACK));
  const url = `http://${reachable(settings.HOST ?? LOOPBACK)}:${port}`;
  await deployment.start(name, {
    command: process.execPath,
    args: startArguments(name),
    env: { ...outerSettings(), HOST: LOOPBACK, PORT: port, DRAIN_MS: String(DRAIN_MS), ...settings },
    log: cache('start', `${name}.log`),
    ready: () => isReady(url),
  });
  return url;
}

/** What the program's start script gives to `node`. */
function startArguments(name) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, ...args] = scripts[`start:${name}`].split(' ');
  return [...args.slice(0, -1), join(root, args.at(-1))];
}

/** "Every address" is one to listen on, not one to connect to. */
function reachable(host) {
  return host === '0.0.0.0' || host === '::' ? LOOPBACK : host;
}

/** The caller may tune the demo (LOG_LEVEL, POLL_INTERVAL_MS), but never mix a real account's settings into it. */
function outerSettings() {
  const foreign = /^(UPSTREAM|IAM|AUTH|ADMIN|SIMULATOR)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function isReady(url) {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
