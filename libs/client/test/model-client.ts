import { Machine } from '../src/machine.js';
import type { Effect, Kept } from '../src/machine-io.js';
import type { GatewayEvent } from '../src/events.js';
import { SteppedMachine } from './stepped-machine.js';

const TIMES = { silenceMs: 45_000, readyMs: 10_000, retryMaxMs: 30_000, random: () => 0.5, now: () => 0 };
const RUN_SOON = ['plan', 'retry'] as const;

/** A machine with what it waits for. Subclasses connect it. */
export abstract class ModelClient extends SteppedMachine {
  protected readonly machine: Machine;
  private readonly unhandled: GatewayEvent[] = [];
  private readonly due = new Set<string>();

  constructor(transports: readonly ('tabs' | 'sse')[]) {
    super();
    this.machine = new Machine({ ...TIMES, transports });
  }

  handle(): boolean {
    const event = this.unhandled.shift();
    if (!event) return false;
    this.handled(event);
    this.step({ type: 'handled' });
    return true;
  }

  time(): boolean {
    const name = RUN_SOON.find((each) => this.due.delete(each));
    if (name) this.step({ type: 'timer', name });
    return name !== undefined;
  }

  protected abstract handled(event: GatewayEvent): void;
  protected abstract open(effect: Extract<Effect, { type: 'open' }>): void;
  protected abstract hangUp(connection: number): void;
  protected restored(): Kept | null {
    return null;
  }
  protected abstract save(kept: Kept): void;
  protected changed(_: Extract<Effect, { type: 'state' }>): void {
    // Only the leader's client tells its state.
  }

  protected perform(effect: Effect): void {
    switch (effect.type) {
      case 'restore':
        return this.step({ type: 'restored', kept: this.restored() });
      case 'ask-token':
        return this.step({ type: 'token', token: effect.fresh ? 'new' : 'old', expiresAt: null });
      case 'open':
        return this.open(effect);
      case 'hang-up':
        return this.hangUp(effect.connection);
      case 'deliver':
        return void this.unhandled.push(effect.event);
      case 'save':
        return this.save(effect.kept);
      case 'state':
        return this.changed(effect);
      case 'timer':
        return void this.due.add(effect.name);
      case 'stop-timer':
        return void this.due.delete(effect.name);
      default:
        throw new Error(`a stream does not ${effect.type}`);
    }
  }
}
