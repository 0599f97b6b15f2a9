import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** What an operator asks all processes of a deployment. */
export type Question =
  | { readonly kind: 'who' }
  /** The same as `who`, with what the process counts. */
  | { readonly kind: 'figures' }
  | { readonly kind: 'clients'; readonly caseId: string }
  | { readonly kind: 'connections'; readonly subject?: string; readonly after?: Place; readonly limit: number }
  | { readonly kind: 'log_level'; readonly level: string };

/** A place in a list that goes over all processes. */
export interface Place {
  readonly process: string;
  readonly number: number;
}

/** One answer. */
export interface Answer {
  readonly role: 'gateway' | 'worker';
  /** Unique in the deployment: host and process. */
  readonly process: string;
  readonly answer: object;
}

export interface Answers {
  /** By name of the process. */
  readonly answers: readonly Answer[];
  /** How many have heard the question and did not answer in time; null where nobody knows: on a cluster. */
  readonly silent: number | null;
}

/** A process that is asked. */
export interface Participant {
  readonly role: Answer['role'];
  readonly process: string;
  /** @returns null where the question is not for it */
  answer(question: Question): Promise<object | null> | object | null;
}

export interface SurveyParts {
  readonly commands: RedisClient;
  /** A connection that is kept subscribed. */
  readonly subscriber: RedisClient;
  readonly keys: Keys;
}

/** How long answers are waited for, ms. A process that takes longer stands still, or its machine is overloaded. */
const ANSWERS_WITHIN_MS = 700;
/** Questions of one process that wait for answers at once. */
const OPEN_MAX = 100;

interface Asked {
  readonly id: string;
  /** Where answers go. */
  readonly from: string;
  readonly question: Question;
}

interface Told extends Omit<Answer, 'answer'> {
  readonly id: string;
  /** Null where the question is not for this process. */
  readonly answer: object | null;
}

/**
 * Asks all gateways and workers, over Pub/Sub. Nothing is stored, and it costs nothing while nobody asks. So it tells what
 * is so now, and a process that is gone is not heard of any more.
 */
export class Survey {
  private readonly id = randomUUID();
  private readonly open = new Map<string, (told: Told) => void>();
  private listening: Promise<void> | null = null;

  constructor(
    private readonly parts: SurveyParts,
    private readonly participant: Participant,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Answers questions from now on. @throws what Redis answers, or a timeout */
  listen(): Promise<void> {
    this.listening ??= this.subscribe().catch((error: unknown) => {
      this.listening = null;
      throw error;
    });
    return this.listening;
  }

  /** @throws what Redis answers, or a timeout, and where too many questions are open */
  async ask(question: Question): Promise<Answers> {
    if (this.open.size >= OPEN_MAX) {
      throw new Error(`${OPEN_MAX} questions wait for their answers`);
    }
    await this.listen();
    const { commands, keys } = this.parts;
    const id = randomUUID();
    const told: Told[] = [];
    let expected = Number.POSITIVE_INFINITY;
    let complete: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (complete = resolve));
    const check = () => told.length >= expected && complete();
    this.open.set(id, (one) => {
      told.push(one);
      check();
    });
    try {
      const asked: Asked = { id, from: this.id, question };
      const heard = await commands.publish(keys.askChannel, JSON.stringify(asked));
      expected = commands instanceof Cluster ? Number.POSITIVE_INFINITY : heard;
      check();
      await within(all, ANSWERS_WITHIN_MS);
    } finally {
      this.open.delete(id);
    }
    const answers = told
      .flatMap(({ role, process, answer }) => (answer === null ? [] : [{ role, process, answer }]))
      .sort((one, other) => (one.process < other.process ? -1 : 1));
    return { answers, silent: Number.isFinite(expected) ? Math.max(0, expected - told.length) : null };
  }

  private async subscribe(): Promise<void> {
    const { subscriber, keys } = this.parts;
    const own = keys.answerChannel(this.id);
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === own) {
        const told = JSON.parse(text) as Told;
        this.open.get(told.id)?.(told);
      } else if (channel === keys.askChannel) {
        this.reply(JSON.parse(text) as Asked).catch(this.onError);
      }
    });
    await subscriber.subscribe(own, keys.askChannel);
  }

  private async reply({ id, from, question }: Asked): Promise<void> {
    const { commands, keys } = this.parts;
    const { role, process } = this.participant;
    const told: Told = { id, role, process, answer: await this.participant.answer(question) };
    await commands.publish(keys.answerChannel(from), JSON.stringify(told));
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, passed]);
  clearTimeout(timer);
}
