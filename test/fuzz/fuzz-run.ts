import { setTimeout as sleep } from 'node:timers/promises';
import { tokenFor } from '../harness/clients/tokens.js';
import type { Deployment } from '../harness/processes/deployment.js';
import { MemoryWatch } from '../chaos/memory-watch.js';
import type { Program } from '../harness/processes/program.js';
import { SeededRandom } from '../harness/seeded-random.js';
import { type Attack, faultsOf } from './attack.js';
import { HonestClients } from './honest-clients.js';
import { HTTP_ATTACKS } from './http-attacks.js';
import { SOCKET_ATTACKS } from './socket-attacks.js';
import { STRUCTURED_ATTACKS } from './structured-attacks.js';
import { UPSTREAM_ATTACKS } from './upstream-attacks.js';

export interface FuzzOptions {
  /** Repeats the attacks of a run. Their timing differs. */
  readonly seed: number;
  readonly forMs: number;
  readonly say: (line: string) => void;
}

const ATTACKS = [...HTTP_ATTACKS, ...SOCKET_ATTACKS, ...STRUCTURED_ATTACKS];
/** Attacks that run at once. */
const AT_ONCE = 12;
/** After so many attacks at the gateway, the upstream answers one request wrongly. */
const UPSTREAM_EVERY = 40;
/** What a gateway may take on top of what it takes when it has just started, MB. It loads and compiles code first. */
const MEMORY_MAX_MB = 128;
const SAMPLE_MS = 500;
/** Faults after which a run ends. */
const FAULTS_MAX = 10;

/** One run: attacks at every door, while honest clients get messages. */
export class FuzzRun {
  private readonly faults: string[] = [];
  private readonly counts = new Map<string, number>();
  private next = 0;
  private baseMb = 0;
  private peakMb = 0;

  private constructor(
    private readonly options: FuzzOptions,
    private readonly deployment: Deployment,
    private readonly tokens: readonly string[],
  ) {}

  /** @returns what is wrong, one sentence each */
  static async of(options: FuzzOptions, deployment: Deployment): Promise<string[]> {
    options.say(`seed ${options.seed}, ${(options.forMs / 60_000).toFixed(2)} min`);
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        tokenFor({ sub: `attacker-${number}`, cases: ['fuzz-*'], groups: [], hints: true, expiresInS: 86_400 }),
      ),
    );
    const run = new FuzzRun(options, deployment, tokens);
    const honest = new HonestClients(deployment, options.seed);
    try {
      await honest.open();
      await run.attack();
      run.faults.push(...(await honest.account()));
    } finally {
      honest.close();
    }
    run.judgeLogs();
    const { say } = options;
    [...run.counts].sort().forEach(([name, count]) => say(`  ${count} times ${name}`));
    say(
      `${run.next} attacks, ${honest.messages} messages for each honest client, memory ${run.baseMb.toFixed(0)} to ${run.peakMb.toFixed(0)} MB`,
    );
    say(`seed ${options.seed}: ${run.faults.length === 0 ? 'nothing wrong' : 'FAILED'}`);
    return run.faults;
  }

  private async attack(): Promise<void> {
    const endsAt = Date.now() + this.options.forMs;
    this.baseMb = await this.residentMb();
    const memory = new MemoryWatch(this.programs);
    const sampling = setInterval(() => void this.sample(), SAMPLE_MS);
    const attacker = async () => {
      while (Date.now() < endsAt && this.faults.length < FAULTS_MAX) await this.attackOnce((this.next += 1));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, attacker));
    clearInterval(sampling);
    memory.stop();
    memory.lines().forEach((line) => this.options.say(line));
    this.faults.push(...memory.heapFaults('gateway'));
    await sleep(SAMPLE_MS);
    await this.sample();
    if (this.peakMb > this.baseMb + MEMORY_MAX_MB) {
      this.faults.push(`a gateway of ${this.baseMb.toFixed(0)} MB took ${this.peakMb.toFixed(0)} MB`);
    }
  }

  private async attackOnce(number: number): Promise<void> {
    const seed = this.options.seed * 1_000_003 + number;
    const random = new SeededRandom(seed);
    const attack: Attack = random.pick(number % UPSTREAM_EVERY === 0 ? UPSTREAM_ATTACKS : ATTACKS);
    this.counts.set(attack.name, (this.counts.get(attack.name) ?? 0) + 1);
    const { port } = this.gateway;
    const context = { port, random, seed, token: random.pick(this.tokens), upstream: this.deployment.upstream };
    const answer = await attack.run(context).catch((error: unknown) => `WRONG: ${String(error)}`);
    const found = faultsOf(answer);
    if (this.programs.some(({ isRunning }) => !isRunning)) found.push('a program has ended');
    this.faults.push(...found.map((fault) => `attack ${number} (${attack.name}): ${fault}`));
  }

  private async sample(): Promise<void> {
    try {
      this.peakMb = Math.max(this.peakMb, await this.residentMb());
    } catch (error) {
      this.faults.push(`the metrics of the gateway: ${String(error)}`);
    }
  }

  private async residentMb(): Promise<number> {
    const samples = await this.gateway.metrics('process_resident_memory_bytes');
    return Math.max(...samples.values()) / 2 ** 20;
  }

  /** Whatever a client sends, it is no error of the gateway. */
  private judgeLogs(): void {
    this.faults.push(...this.deployment.logFaults());
    const lines = this.gateway.stdout.split('\n').filter((line) => line.includes('"level":"error"'));
    this.faults.push(...lines.slice(0, FAULTS_MAX).map((line) => `the gateway logged an error: ${line.slice(0, 500)}`));
  }

  private get gateway(): Program {
    return this.deployment.gateway();
  }

  private get programs(): readonly Program[] {
    return [...this.deployment.gateways, ...this.deployment.workers];
  }
}
