import { setTimeout as sleep } from 'node:timers/promises';

import { SeededRandom } from '../harness/seeded-random.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { ChaosDeployment, HISTORY_MAX } from './chaos-deployment.js';
import { Conversation } from './conversation.js';
import { type Fault, type ChaosContext } from './fault.js';
import { MemoryWatch } from './memory-watch.js';
import { RecoveryLog } from './recovery-log.js';

export interface ChaosOptions {
  readonly seed: number;
  /** The time of the faults, ms; null if each fault happens once, alone and in the given order. */
  readonly forMs: number | null;
  readonly faults: readonly Fault[];
  /** Whether a recovery that takes too long is a failure. On a machine with other work it is not. */
  readonly judgesTimes: boolean;
  readonly say: (line: string) => void;
}

/** Latency of the upstream, ms. It is long enough that polls are in flight whenever a fault happens. */
const LATENCY_MS = [20, 200] as const;
/** The share of faults that happen together with another one. */
const TOGETHER = 0.2;
/** How long one conversation lasts, ms. */
const CONVERSATION_MS = 270_000;

/** One run: faults happen while messages flow and clients record. Then what they recorded is compared with the postings. */
export class ChaosRun {
  private readonly random: SeededRandom;
  private readonly recoveries = new RecoveryLog();
  private readonly startedAt = Date.now();
  /** The time without faults, in which recordings were compared, ms. */
  private restedMs = 0;
  private remaining: Fault[] = [];
  private happened = 0;
  private losses = 0;
  private lossesBefore = 0;
  private conversations = 0;
  private conversation: Conversation | null = null;
  /** Overlapping polls that are reported already. */
  private overlaps = 0;

  private constructor(
    private readonly options: ChaosOptions,
    private readonly deployment: ChaosDeployment,
    private readonly token: string,
  ) {
    this.random = new SeededRandom(options.seed);
  }

  /** @returns what is wrong, one sentence each */
  static async of(options: ChaosOptions): Promise<string[]> {
    const span = options.forMs === null ? 'each fault once' : `${options.forMs / 60_000} min`;
    options.say(`seed ${options.seed}, ${span}`);
    const deployment = await ChaosDeployment.start();
    const run = new ChaosRun(options, deployment, await tokenFor({ expiresInS: 86_400 }));
    const memory = new MemoryWatch(deployment.programs);
    try {
      await deployment.upstream.change({ latency_ms: LATENCY_MS });
      const wrong = await run.toTheEnd();
      memory.lines().forEach((line) => options.say(line));
      const all = [...wrong, ...memory.faults()];
      if (all.length > 0) deployment.programs.forEach((program) => options.say(program.tail()));
      options.say(`seed ${options.seed}: ${all.length === 0 ? 'nothing lost, doubled or out of order' : 'FAILED'}`);
      all.forEach((fault) => options.say(`  ${fault}`));
      return all;
    } finally {
      memory.stop();
      await run.conversation?.end();
      await deployment.dispose();
    }
  }

  private async toTheEnd(): Promise<string[]> {
    const wrong: string[] = [];
    let conversation = await this.begin();
    while (wrong.length === 0 && this.goesOn()) {
      if (Date.now() - conversation.beganAt > CONVERSATION_MS) {
        wrong.push(...(await this.account(conversation)));
        conversation = await this.begin();
      }
      const faults = this.draw();
      const rest = this.random.integer(300, 1500);
      wrong.push(...(await this.apply(faults, conversation)));
      await sleep(rest);
    }
    wrong.push(...(await this.account(conversation)), ...(this.options.judgesTimes ? this.recoveries.faults() : []));
    this.options.say(`${this.losses} losses of data; ${this.overlaps} polls overlapped`);
    this.options.say(`${this.happened} faults in ${this.seconds()} s; until messages flowed again:`);
    this.recoveries.lines().forEach((line) => this.options.say(`  ${line}`));
    return wrong;
  }

  private async begin(): Promise<Conversation> {
    this.conversations += 1;
    this.lossesBefore = this.losses;
    const { deployment, token, conversations } = this;
    const random = new SeededRandom(this.options.seed + conversations);
    const name = `chaos-${conversations}`;
    const conversation = await Conversation.begin({ deployment, token, random, name, historyMax: HISTORY_MAX });
    this.conversation = conversation;
    return conversation;
  }

  private async account(conversation: Conversation): Promise<string[]> {
    const from = Date.now();
    const wrong = await conversation.account(this.losses - this.lossesBefore, this.options.say);
    wrong.push(...(await this.overlapped([], 'after the last fault')));
    await conversation.end();
    this.restedMs += Date.now() - from;
    return wrong;
  }

  private goesOn(): boolean {
    const { forMs, faults } = this.options;
    return forMs === null ? this.happened < faults.length : Date.now() - this.startedAt - this.restedMs < forMs;
  }

  /** The next faults, one or two. Each kind happens once before any kind happens again. */
  private draw(): Fault[] {
    const first = this.next();
    const isPair = this.options.forMs !== null && this.random.chance(TOGETHER);
    const goesWith = ({ alone, ends }: Fault) => !alone && (ends === undefined || ends !== first.ends);
    const second = isPair && !first.alone && this.remaining.find(goesWith);
    if (!second) return [first];
    this.remaining = this.remaining.filter((fault) => fault !== second);
    return [first, second];
  }

  private next(): Fault {
    const { forMs, faults } = this.options;
    if (this.remaining.length === 0) this.remaining = forMs === null ? [...faults] : this.random.shuffled(faults);
    const fault = this.remaining.shift();
    if (!fault) throw new Error('there is no such fault');
    return fault;
  }

  private async apply(faults: readonly Fault[], conversation: Conversation): Promise<string[]> {
    this.happened += faults.length;
    this.losses += faults.filter(({ losesData }) => losesData).length;
    const names = faults.map(({ name }) => name).join(' + ');
    const began = this.seconds();
    const { deployment, token, random } = this;
    const { clients, caseIds, refusable } = conversation;
    const context: ChaosContext = { deployment, token, random, clients, caseIds, refusable };
    try {
      await Promise.all(faults.map((fault) => fault.happen(context)));
      const over = Date.now();
      await conversation.flows();
      const flowMs = Date.now() - over;
      faults.forEach((fault) => this.recoveries.add(fault, flowMs, faults.length > 1));
      await deployment.restore();
      this.options.say(`${began} s  #${this.happened} ${names}: flows after ${flowMs} ms`);
      return await this.overlapped(faults, names);
    } catch (error) {
      this.options.say(`${began} s  #${this.happened} ${names}: ${String(error)}`);
      await deployment.restore();
      return [`stuck after ${names}: ${String(error)}`];
    }
  }

  /**
   * Two polls of one ticket never overlap (invariant 1). The exception is a Redis that has lost its data: it does not know
   * the polls that were in flight.
   */
  private async overlapped(faults: readonly Fault[], names: string): Promise<string[]> {
    const { overlaps } = await this.deployment.upstream.counters();
    const fresh = overlaps - this.overlaps;
    this.overlaps = overlaps;
    if (fresh > 0) this.options.say(`  ${fresh} polls overlapped`);
    return fresh > 0 && !faults.some(({ losesData }) => losesData) ? [`${fresh} polls overlapped: ${names}`] : [];
  }

  private seconds(): string {
    return ((Date.now() - this.startedAt) / 1000).toFixed(1);
  }
}
