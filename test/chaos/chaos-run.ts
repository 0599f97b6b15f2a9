import { setTimeout as sleep } from 'node:timers/promises';

import { SeededRandom } from '../harness/seeded-random.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { ChaosDeployment } from './chaos-deployment.js';
import { Conversation } from './conversation.js';
import { type Fault, type ChaosContext } from './fault.js';
import { MemoryWatch } from './memory-watch.js';
import { RecoveryLog } from './recovery-log.js';

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults go on, ms; null: until each has happened once, alone and in the order given. */
  readonly forMs: number | null;
  readonly faults: readonly Fault[];
  /** Whether a recovery that took too long is a failure: on a machine that others use, it says nothing. */
  readonly judgesTimes: boolean;
  readonly say: (line: string) => void;
}

/** How long the upstream takes to answer: polls are in flight whenever a fault comes. */
const LATENCY_MS = [20, 200] as const;
/** One fault in so many comes together with another. */
const TOGETHER = 0.2;
/** How long people write in the same tickets, ms. */
const CONVERSATION_MS = 270_000;

/** One run: faults after faults while messages flow and clients record, then the account. */
export class ChaosRun {
  private readonly random: SeededRandom;
  private readonly recoveries = new RecoveryLog();
  private readonly startedAt = Date.now();
  /** Time without faults, while conversations were accounted for, ms. */
  private restedMs = 0;
  private deck: Fault[] = [];
  private happened = 0;
  private losses = 0;
  private lossesBefore = 0;
  private conversations = 0;
  private conversation: Conversation | null = null;
  /** Polls that overlapped with another of the same tickets, as far as they are accounted for. */
  private overlaps = 0;

  private constructor(
    private readonly options: ChaosOptions,
    private readonly deployment: ChaosDeployment,
    private readonly token: string,
  ) {
    this.random = new SeededRandom(options.seed);
  }

  /** @returns everything that is wrong, one sentence each */
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
      wrong.push(...(await this.endure(faults, conversation)));
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
    const conversation = await Conversation.begin({ deployment, token, random, name: `chaos-${conversations}` });
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

  /** The next faults: each kind once before any comes again, now and then two at a time. */
  private draw(): Fault[] {
    const first = this.deal();
    const isPair = this.options.forMs !== null && this.random.chance(TOGETHER);
    const goesWith = ({ alone, ends }: Fault) => !alone && (ends === undefined || ends !== first.ends);
    const second = isPair && !first.alone && this.deck.find(goesWith);
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

  private async endure(faults: readonly Fault[], conversation: Conversation): Promise<string[]> {
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
   * No ticket is ever asked for twice at once (invariant 1), except where Redis forgot who was asking: what was in
   * flight then is nobody's.
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
