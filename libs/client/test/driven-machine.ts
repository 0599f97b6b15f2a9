import type { ConnectionState, GatewayEvent, Ready, Refusal, Transport } from '../src/events.js';
import { Machine } from '../src/machine.js';
import type { Effect, Kept, TimerName } from '../src/machine-io.js';
import { idOf, messageEvent } from './model-gateway.js';
import { SteppedMachine } from './stepped-machine.js';

type Opened = Omit<Extract<Effect, { type: 'open' }>, 'type'>;

/** Times of the machine that a test drives, ms. */
export const SILENCE_MS = 45_000;
export const READY_MS = 10_000;
export const RETRY_MAX_MS = 30_000;

/** A machine whose effects are written down, with a clock that the test moves. The store and the token answer at once. */
export class DrivenMachine extends SteppedMachine {
  /** ms since 1970. */
  now = 1_000_000;
  /** What `random()` gives. */
  random = 0;
  /** The answer to the next questions for a token; null: none comes. */
  token: { readonly token: string | null; readonly expiresAt: number | null } | null = {
    token: 'first',
    expiresAt: null,
  };
  readonly opened: Opened[] = [];
  readonly delivered: GatewayEvent[] = [];
  readonly states: ConnectionState[] = [];
  readonly saved: Kept[] = [];
  /** `fresh` of each question for a token. */
  readonly asked: boolean[] = [];
  /** Everything else, with its type: what was done on connections. */
  readonly done: Effect[] = [];
  /** When each timer is due, ms since 1970. */
  readonly timers = new Map<TimerName, number>();
  protected readonly machine: Machine;

  constructor(
    transports: readonly Transport[] = ['sse'],
    private readonly kept: Kept | null = null,
  ) {
    super();
    const times = { silenceMs: SILENCE_MS, readyMs: READY_MS, retryMaxMs: RETRY_MAX_MS };
    this.machine = new Machine({ ...times, transports, random: () => this.random, now: () => this.now });
  }

  /** The last connection that was opened. */
  get connection(): Opened {
    const last = this.opened.at(-1);
    if (!last) throw new Error('no connection was opened');
    return last;
  }

  get state(): ConnectionState {
    return this.states.at(-1) ?? { name: 'idle' };
  }

  subscribe(...caseIds: string[]): void {
    this.step({ type: 'subscribe', caseIds });
  }

  hear(event: GatewayEvent, { connection } = this.connection): void {
    this.step({ type: 'event', connection, event });
  }

  message(caseId: string, offset: number): void {
    this.hear(messageEvent({ id: idOf(offset), case_id: caseId }));
  }

  /** The end of the replay of the last request: everything up to this offset has come. */
  ready(offset: number, data: Partial<Ready> = {}): void {
    const wanted = this.connection.request.caseIds;
    const answer = { language: 'zh-cn', recovered: false, replayed: 0, last_answer_at: null };
    this.hear({ name: 'ready', data: { ...answer, case_ids: wanted, last_event_id: idOf(offset), ...data } });
  }

  alive(reason?: string): void {
    this.step({ type: 'alive', connection: this.connection.connection, reason });
  }

  refuse(refusal: Refusal): void {
    this.step({ type: 'refused', connection: this.connection.connection, refusal });
  }

  end({ connection } = this.connection): void {
    this.step({ type: 'ended', connection, message: 'cut' });
  }

  /** Follows the tickets, and the gateway answers with an empty replay. */
  goLive(...caseIds: string[]): void {
    this.subscribe(...caseIds);
    this.ready(0);
  }

  /** Time goes by, and timers are due. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, due]) => due <= end).sort((one, other) => one[1] - other[1]);
      if (!next) break;
      const [name, due] = next;
      this.timers.delete(name);
      this.now = due;
      this.step({ type: 'timer', name });
    }
    this.now = end;
  }

  /** The computer sleeps: its clock goes on, and its timers do not. */
  sleep(ms: number): void {
    this.now += ms;
    for (const [name, due] of this.timers) this.timers.set(name, due + ms);
  }

  protected perform(effect: Effect): void {
    switch (effect.type) {
      case 'restore':
        return this.step({ type: 'restored', kept: this.kept });
      case 'ask-token':
        this.asked.push(effect.fresh);
        if (this.token) this.step({ type: 'token', ...this.token });
        return;
      case 'open': {
        const { type: _, ...opened } = effect;
        return void this.opened.push(opened);
      }
      case 'deliver':
        return void this.delivered.push(effect.event);
      case 'save':
        return void this.saved.push(effect.kept);
      case 'state':
        return void this.states.push(effect.state);
      case 'timer':
        return void this.timers.set(effect.name, this.now + effect.ms);
      case 'stop-timer':
        return void this.timers.delete(effect.name);
      default:
        this.done.push(effect);
    }
  }
}
