import { UPSTREAM_TOKEN } from '../harness/log-faults.js';
import { Program, type Settings } from '../harness/processes/program.js';
import { RedisCluster } from '../harness/processes/redis-cluster.js';
import { ROOT } from '../harness/processes/repository.js';
import { SimulatorControl } from '../harness/upstream/simulator-control.js';
import { JWT_SECRET } from '../harness/clients/tokens.js';

const SETTINGS: Settings = {
  LOG_LEVEL: 'warn',
  POLL_INTERVAL_MS: '300',
  POLL_INTERVAL_MAX_MS: '300',
  UPSTREAM_TIMEOUT_MS: '1500',
  UPSTREAM_MAX_CASE_IDS: '4',
  // A turn is asked for before each request: the quota's slot moves, too.
  UPSTREAM_MAX_RPS: '50',
  SUBSCRIPTION_LINGER_MS: '9000',
  HISTORY_MAX_EVENTS: '10000',
  DRAIN_MS: '1000',
  AUTH_JWT_SECRET: JWT_SECRET,
  MAX_CONNECTIONS_PER_SUBJECT: '1000',
  MAX_UNKNOWN_CASES_PER_SUBJECT: '1000000',
  UPSTREAM_TOKEN,
};

const GATEWAYS = 2;
const WORKERS = 2;

/** A process of the deployment. */
export interface Part {
  readonly program: Program;
}

/** A Redis with a user who has the rights that OPERATIONS.md names. */
export interface LimitedRedis {
  readonly limitedUrl: string;
  dispose(): Promise<void>;
}

/** Two gateways, two workers and the simulator, with a Redis Cluster of three masters and three replicas. */
export class ClusterDeployment<R extends LimitedRedis = RedisCluster> {
  private constructor(
    readonly redis: R,
    readonly simulator: Program,
    readonly upstream: SimulatorControl,
    readonly workers: readonly Part[],
    readonly gateways: readonly Part[],
  ) {}

  static async start(): Promise<ClusterDeployment> {
    return ClusterDeployment.with(await RedisCluster.start({ replicas: true }));
  }

  /**
   * @param redis ended with the deployment
   * @param root of the release that gateways and workers begin with
   */
  static async with<R extends LimitedRedis>(redis: R, root = ROOT): Promise<ClusterDeployment<R>> {
    const simulator = await Program.create('simulator', 'simulator', {
      SIMULATOR_TOKEN: UPSTREAM_TOKEN,
      LOG_LEVEL: 'warn',
    });
    const settings = { ...SETTINGS, REDIS_URL: redis.limitedUrl, UPSTREAM_BASE_URL: simulator.url };
    const parts = (app: 'gateway' | 'worker', count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, index): Promise<Part> => {
          return { program: await Program.create(app, `${app} ${index}`, settings) };
        }),
      );
    const [workers, gateways] = [await parts('worker', WORKERS), await parts('gateway', GATEWAYS)];
    const upstream = new SimulatorControl(simulator.url);
    const deployment = new ClusterDeployment(redis, simulator, upstream, workers, gateways);
    [...workers, ...gateways].forEach(({ program }) => program.runFrom(root));
    try {
      await Promise.all(deployment.programs.map((program) => program.start()));
    } catch (error) {
      await deployment.dispose();
      throw error;
    }
    return deployment;
  }

  get programs(): readonly Program[] {
    return [this.simulator, ...[...this.workers, ...this.gateways].map(({ program }) => program)];
  }

  async dispose(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.kill()));
    await this.redis.dispose();
  }
}
