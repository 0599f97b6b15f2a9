import { SeededRandom } from '../support/seeded-random.js';
import { tokenFor } from '../support/tokens.js';
import { until } from '../support/until.js';
import { ChaosDeployment } from './chaos-deployment.js';
import { FaithfulClient } from './faithful-client.js';
import { pause, type Fault, type Scene } from './fault.js';
import { MemoryWatch } from './memory-watch.js';
import { RecoveryLog } from './recovery-log.js';
import { SteadyTraffic } from './steady-traffic.js';
import { faultsOf } from './verdict.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults go on, ms; null: until each has happened once, alone and in the order given. */
  readonly forMs: number | null;
  readonly faults: readonly Fault[];
  /** Whether a recovery that took too long is a failure: on a machine that others use, it says nothing. */
  readonly judgesTimes: boolean;
  readonly say: (line: string) => void;
}

const TICKETS = 12;
/** Clients have this many of them each, and every third one the ticket that the upstream may refuse. */
const SHARE = 5;
const REFUSABLE = 'chaos-refusable';
const TRANSPORTS = ['sse', 'websocket', 'sse', 'websocket', 'polling'] as const;
const CLIENTS = 10;
/** How long the upstream takes to answer: polls are in flight whenever a fault comes. */
const LATENCY_MS = [20, 200] as const;
/** One fault in so many comes together with another. */
const TOGETHER = 0.2;
/** Messages that do not flow again within this time (ms) never will. */
const STUCK_MS = 45_000;
/** Clients that have not all of it this long (ms) after the last fault never will: a ticket that was refused is asked for
 *  again after a minute, or two where that one was refused, too. */
const SETTLE_MS = 150_000;

/** One run: faults after faults while messages flow and clients record, then the account. */
export class ChaosRun {
  private readonly random: SeededRandom;
  private readonly recoveries = new RecoveryLog();
  private readonly startedAt = Date.now();
  private deck: Fault[] = [];
  private happened = 0;
  private losses = 0;
  /** Polls that overlapped with another of the same tickets, as far as they are accounted for. */
  private overlaps = 0;

  private constructor(
    private readonly options: ChaosOptions,
    private readonly scene: Scene,
    private readonly traffic: SteadyTraffic,
  ) {
    this.random = scene.random;
  }

  /** @returns everything that is wrong, one sentence each */
  static async of(options: ChaosOptions): Promise<string[]> {
    const span = options.forMs === null ? 'each fault once' : `${options.forMs / 60_000} min`;
    options.say(`seed ${options.seed}, ${span}`);
    const deployment = await ChaosDeployment.start();
    const random = new SeededRandom(options.seed);
    const caseIds = Array.from({ length: TICKETS }, (_, at) => `chaos-${at + 1}`);
    const token = await tokenFor({ expiresInS: 86_400 });
    const urls = deployment.gateways.map(({ program }) => program.url);
    const clients = Array.from({ length: CLIENTS }, (_, at) => {
      const wanted = Array.from({ length: SHARE }, (_each, step) => caseIds[(at + step * 2) % TICKETS] ?? '');
      const all = at % 3 === 0 ? [...wanted, REFUSABLE] : wanted;
      return new FaithfulClient(TRANSPORTS[at % TRANSPORTS.length] ?? 'sse', { token, caseIds: all }, urls);
    });
    const traffic = new SteadyTraffic(deployment.upstream, [...caseIds, REFUSABLE], new SeededRandom(options.seed + 1));
    const memory = new MemoryWatch(deployment.programs);
    try {
      await deployment.upstream.change({ latency_ms: LATENCY_MS });
      await Promise.all(clients.map((client) => client.start()));
      const run = new ChaosRun(options, { deployment, clients, caseIds, refusable: REFUSABLE, token, random }, traffic);
      const wrong = await run.toTheEnd();
      memory.lines().forEach((line) => options.say(line));
      const all = [...wrong, ...memory.faults()];
      if (all.length > 0) deployment.programs.forEach((program) => options.say(program.tail()));
      options.say(`seed ${options.seed}: ${all.length === 0 ? 'nothing lost, doubled or out of order' : 'FAILED'}`);
      all.forEach((fault) => options.say(`  ${fault}`));
      return all;
    } finally {
      memory.stop();
      await Promise.all(clients.map((client) => client.stop()));
      await traffic.stop();
      await deployment.dispose();
    }
  }

  private async toTheEnd(): Promise<string[]> {
    this.traffic.start();
    const wrong: string[] = [];
    while (wrong.length === 0 && this.goesOn()) {
      const faults = this.draw();
      const rest = this.random.integer(300, 1500);
      wrong.push(...(await this.endure(faults)));
      await pause(rest);
    }
    await this.traffic.stop();
    wrong.push(...(await this.account()), ...(this.options.judgesTimes ? this.recoveries.faults() : []));
    this.options.say(`${this.happened} faults in ${this.seconds()} s; until messages flowed again:`);
    this.recoveries.lines().forEach((line) => this.options.say(`  ${line}`));
    return wrong;
  }

  private goesOn(): boolean {
    const { forMs, faults } = this.options;
    return forMs === null ? this.happened < faults.length : Date.now() - this.startedAt < forMs;
  }

  /** The next faults: each kind once before any comes again, now and then two at a time. */
  private draw(): Fault[] {
    const first = this.deal();
    const isPair = this.options.forMs !== null && this.random.chance(TOGETHER);
    const second = isPair && !first.alone && this.deck.find(({ alone }) => !alone);
    if (!second) return [first];
    this.deck = this.deck.filter((fault) => fault !== second);
    return [first, second];
  }

  private deal(): Fault {
    const { forMs, faults } = this.options;
    if (this.deck.length === 0) this.deck = forMs === null ? [...faults] : this.random.shuffled(faults);
    const fault = this.deck.shift();
    if (!fault) throw new Error('there is no such fault');
    return fault;
  }

  private async endure(faults: readonly Fault[]): Promise<string[]> {
    this.happened += faults.length;
    this.losses += faults.filter(({ losesData }) => losesData).length;
    const names = faults.map(({ name }) => name).join(' + ');
    const began = this.seconds();
    try {
      await Promise.all(faults.map((fault) => fault.happen(this.scene)));
      const over = Date.now();
      const content = await this.traffic.probe();
      await this.arrivals(content, (seen) => this.scene.caseIds.every((caseId) => seen.has(caseId)));
      const flowMs = Date.now() - over;
      faults.forEach((fault) => this.recoveries.add(fault, flowMs, faults.length > 1));
      await this.scene.deployment.restore();
      this.options.say(`${began} s  #${this.happened} ${names}: flows after ${flowMs} ms`);
      return await this.overlapped(faults, names);
    } catch (error) {
      this.options.say(`${began} s  #${this.happened} ${names}: ${String(error)}`);
      await this.scene.deployment.restore();
      return [`stuck after ${names}: ${String(error)}`];
    }
  }

  /**
   * No ticket is ever asked for twice at once (invariant 1), except where Redis forgot who was asking: what was in
   * flight then is nobody's.
   */
  private async overlapped(faults: readonly Fault[], names: string): Promise<string[]> {
    const { overlaps } = await this.scene.deployment.upstream.counters();
    const fresh = overlaps - this.overlaps;
    this.overlaps = overlaps;
    if (fresh > 0) this.options.say(`  ${fresh} polls overlapped`);
    return fresh > 0 && !faults.some(({ losesData }) => losesData) ? [`${fresh} polls overlapped: ${names}`] : [];
  }

  /** Waits until the tickets on which that content was seen by some client are enough. */
  private async arrivals(content: string, enough: (seen: ReadonlySet<string>) => boolean): Promise<void> {
    const seen = new Set<string>();
    const heads = this.scene.clients.map(() => 0);
    const look = () => {
      this.scene.clients.forEach(({ recording }, at) => {
        for (const { event, data } of recording.frames.slice(heads[at])) {
          const said = event === 'message' && (data as { message?: { content?: unknown } }).message?.content;
          if (said === content) seen.add((data as { case_id: string }).case_id);
        }
        heads[at] = recording.frames.length;
      });
      return enough(seen);
    };
    await until(look, STUCK_MS, () => `${content} to arrive; seen: ${[...seen].join(' ')}`);
  }

  /** Everyone has everything, exactly once and in order, or it is told what not. */
  private async account(): Promise<string[]> {
    const { clients, deployment } = this.scene;
    const posted = await Promise.all(clients.map((client) => deployment.upstream.ledger(client.caseIds)));
    const faults = () => clients.flatMap((client, at) => faultsOf(client, posted[at] ?? [], this.losses));
    const lacks = () => faults().some((fault) => fault.includes(' lost: '));
    const deadline = Date.now() + SETTLE_MS;
    while (Date.now() < deadline && lacks()) await pause(500);
    await pause(1000); // What should not come may still come.
    const got = clients.reduce((sum, { recording }) => sum + recording.messages.length, 0);
    const came = clients.reduce((sum, { connections }) => sum + connections, 0);
    const all = Math.max(0, ...posted.flat().map(({ seq }) => seq));
    this.options.say(`${all} messages posted, ${got} received by ${clients.length} clients over ${came} connections`);
    const late = await this.overlapped([], 'after the last fault');
    this.options.say(`${this.losses} losses of data; ${this.overlaps} polls overlapped`);
    return [...faults(), ...late];
  }

  private seconds(): string {
    return ((Date.now() - this.startedAt) / 1000).toFixed(1);
  }
}
