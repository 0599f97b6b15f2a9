import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DemoControl } from './demo-control.mjs';
import { demoToken } from './demo-token.mjs';
import { freePort, nextFreePort } from './port.mjs';
import { privateRedis } from './redis-server.mjs';
import { root } from './repository.mjs';
import { streamCommand } from './stream-command.mjs';

const LOOPBACK = '127.0.0.1';
const DRAIN_MS = 500;
/** Longest orderly end of one of the programs, ms. */
export const GRACE_MS = DRAIN_MS + 5000;
export const APPS = ['simulator', 'worker', 'gateway'];

/** The whole of Pollcast on one machine, against the simulator: Redis (unless `REDIS_URL` names one) and the three apps. */
export class Demo {
  #deployment;
  #folder;
  #logs;
  #secret = randomBytes(32).toString('base64url');
  #token = demoToken(this.#secret);
  #adminToken = randomBytes(24).toString('base64url');
  #isReplacing = false;
  /** How each app is started, and where it is reached. */
  #apps = new Map();

  /** `folder` is for the files of the private Redis, `logs` for the programs' logs. */
  constructor(deployment, { folder, logs }) {
    this.#deployment = deployment;
    this.#folder = folder;
    this.#logs = logs;
  }

  async start() {
    const redisUrl = process.env.REDIS_URL || (await this.#startRedis());
    await this.#choose('simulator', { SIMULATOR_DEMO: 'true' });
    const upstream = {
      REDIS_URL: redisUrl,
      UPSTREAM_BASE_URL: this.#apps.get('simulator').url,
      UPSTREAM_AUTH: 'token',
      UPSTREAM_TOKEN: 'demo',
    };
    await this.#choose('worker', upstream);
    const host = process.env.HOST || LOOPBACK;
    const port = await nextFreePort(host, Number(process.env.PORT) || 3000);
    const auth = { AUTH_MODE: 'jwt', AUTH_JWT_SECRET: this.#secret, ADMIN_TOKEN: this.#adminToken };
    const console = { CONSOLE: 'on', CONSOLE_DEMO_URL: await this.#startControl(), NODE_ENV: 'development' };
    await this.#choose('gateway', { ...upstream, ...auth, ...console, HOST: host, PORT: String(port) });
    for (const name of APPS) await this.startApp(name);
  }

  /** Starts one of the apps. If it runs, it is restarted with the same settings on the same port. */
  async startApp(name) {
    const { url, settings } = this.#apps.get(name);
    await this.#deployment.start(name, {
      command: process.execPath,
      args: startArguments(name),
      env: settings,
      log: join(this.#logs, `${name}.log`),
      ready: () => isReady(url),
    });
  }

  /** The console, with the tokens of this run. */
  get address() {
    return `${this.#apps.get('gateway').url}/#token=${this.#token}&admin=${this.#adminToken}`;
  }

  /** Posts messages in the simulator (apps/simulator/README.md). */
  async post(posting) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(posting);
    const answer = await fetch(`${this.#apps.get('simulator').url}/control/messages`, {
      method: 'POST',
      headers,
      body,
    });
    if (!answer.ok) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`);
  }

  /** What a person has to know, once everything runs. */
  introduction() {
    const { url } = this.#apps.get('gateway');
    const simulator = this.#apps.get('simulator').url;
    const stream = `${url}/v1/events?case_ids=demo-1&case_ids=demo-2`;
    return [
      `Pollcast is ready at ${url}/ (Ctrl-C ends it; logs in ${relative(root, this.#logs)}/*.log).`,
      'Open its console in a browser. The address carries the tokens of this run:',
      `  ${this.address}`,
      `Its upstream is a simulator at ${simulator}/ (apps/simulator/README.md tells how to post messages there).`,
      'The messages of two tickets, as they arrive, for a terminal:',
      streamCommand(stream, this.#token),
    ].join('\n');
  }

  async #startControl() {
    const simulator = this.#apps.get('simulator').url;
    const killWorker = () => void this.#replaceWorker();
    return new DemoControl({ token: this.#token, simulator, killWorker }).listen(LOOPBACK);
  }

  /** Kills the worker, and starts another one. One at a time: a second click changes nothing. */
  async #replaceWorker() {
    if (this.#isReplacing) return;
    this.#isReplacing = true;
    try {
      await this.#deployment.kill('worker');
      await this.startApp('worker');
    } catch {
      // The demo ends, or the log of the worker says why it did not start.
    } finally {
      this.#isReplacing = false;
    }
  }

  async #startRedis() {
    const { url, ...how } = await privateRedis({ folder: this.#folder });
    await this.#deployment.start('redis', { ...how, log: join(this.#logs, 'redis.log') });
    return url;
  }

  async #choose(name, settings) {
    const port = settings.PORT ?? String(await freePort(LOOPBACK));
    const url = `http://${reachable(settings.HOST ?? LOOPBACK)}:${port}`;
    const common = { ...outerSettings(), HOST: LOOPBACK, PORT: port, DRAIN_MS: String(DRAIN_MS) };
    this.#apps.set(name, { url, settings: { ...common, ...settings } });
  }
}

/** The arguments that the program's start script passes to `node`. */
function startArguments(name) {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, ...args] = scripts[`start:${name}`].split(' ');
  return [...args.slice(0, -1), join(root, args.at(-1))];
}

/** The host for a URL. One can listen on "every address", but not connect to it. */
function reachable(host) {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK;
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Settings of the caller that the demo uses, such as LOG_LEVEL and POLL_INTERVAL_MS. Those of a real account are left
 * out.
 */
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
