import { JWT_SECRET } from '../clients/tokens.js';
import { logFaults, UPSTREAM_TOKEN, type LogAllowances } from '../log-faults.js';
import { SimulatorControl } from '../upstream/simulator-control.js';
import { Program, type Settings } from './program.js';
import { RedisServer } from './redis-server.js';

export interface DeploymentOptions {
  /** How many of each; 1 unless given. */
  readonly gateways?: number;
  readonly workers?: number;
  /** Settings of gateways and workers. A function gets the URL of the upstream. */
  readonly settings?: Settings | ((upstreamUrl: string) => Settings);
  /** Settings of the workers alone. */
  readonly workerSettings?: (redis: RedisServer) => Settings;
  /** Settings of the simulator besides its token. */
  readonly simulator?: Settings;
  /** Further command line options of the Redis server. */
  readonly redis?: readonly string[];
}

/** Short intervals that do not grow: a test waits for every poll. */
const FAST: Settings = {
  POLL_INTERVAL_MS: '200',
  POLL_INTERVAL_MAX_MS: '200',
  SUBSCRIPTION_LINGER_MS: '5000',
  DRAIN_MS: '1000',
  AUTH_JWT_SECRET: JWT_SECRET,
  MAX_CONNECTIONS_PER_SUBJECT: '1000',
  MAX_UNKNOWN_CASES_PER_SUBJECT: '1000000',
};

/** A whole Pollcast of real processes, with a simulated upstream and its own Redis. */
export class Deployment {
  gateways: readonly Program[] = [];
  workers: readonly Program[] = [];
  private parts: { redis: RedisServer; simulator: Program; upstream: SimulatorControl } | null = null;

  constructor(private readonly options: DeploymentOptions) {}

  get redis(): RedisServer {
    return this.started.redis;
  }

  /** Controls the simulated upstream. */
  get upstream(): SimulatorControl {
    return this.started.upstream;
  }

  gateway(index = 0): Program {
    return at(this.gateways, index);
  }

  worker(index = 0): Program {
    return at(this.workers, index);
  }

  /** Resolves once every program is ready. */
  async start(): Promise<void> {
    const { gateways = 1, workers = 1 } = this.options;
    const redis = await RedisServer.start(...(this.options.redis ?? []));
    try {
      const simulatorSettings = { SIMULATOR_TOKEN: UPSTREAM_TOKEN, ...this.options.simulator };
      const simulator = await Program.create('simulator', 'simulator', simulatorSettings);
      this.parts = { redis, simulator, upstream: new SimulatorControl(simulator.url) };
      const settings = this.settings();
      const create = (app: 'gateway' | 'worker', count: number, more: Settings = {}) =>
        Promise.all(
          Array.from({ length: count }, (_, index) => Program.create(app, `${app} ${index}`, { ...settings, ...more })),
        );
      this.workers = await create('worker', workers, this.options.workerSettings?.(redis));
      this.gateways = await create('gateway', gateways);
      await Promise.all(this.programs.map((program) => program.start()));
    } catch (error) {
      await this.dispose();
      await redis.dispose();
      throw error;
    }
  }

  /** One more worker, which is not started. @param settings in place of the deployment's own */
  async addWorker(name: string, settings: Settings): Promise<Program> {
    const worker = await Program.create('worker', name, { ...this.settings(), ...settings });
    this.workers = [...this.workers, worker];
    return worker;
  }

  /** Starts the programs that do not run, so that no test depends on the one before it. */
  async restore(): Promise<void> {
    await Promise.all(this.programs.filter((program) => !program.isRunning).map((program) => program.start()));
  }

  /** What any program wrote and must not have written, one sentence each. */
  logFaults(allowed?: LogAllowances): string[] {
    return this.programs.flatMap((program) => logFaults(program, allowed));
  }

  /** The last lines of every program. */
  tails(): string {
    return this.programs.map((program) => program.tail()).join('\n');
  }

  /** Ends all processes and deletes their files. */
  async dispose(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.kill()));
    await this.parts?.redis.dispose();
  }

  /** The settings of gateways and workers. */
  private settings(): Settings {
    const { settings } = this.options;
    const { url } = this.started.simulator;
    const given = typeof settings === 'function' ? settings(url) : settings;
    return { ...FAST, REDIS_URL: this.redis.limitedUrl, UPSTREAM_BASE_URL: url, UPSTREAM_TOKEN, ...given };
  }

  private get programs(): readonly Program[] {
    return this.parts ? [this.parts.simulator, ...this.workers, ...this.gateways] : [];
  }

  private get started() {
    if (!this.parts) throw new Error('the deployment was not started');
    return this.parts;
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no number ${index}`);
  return item;
}
