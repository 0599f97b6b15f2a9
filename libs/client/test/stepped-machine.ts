import type { Machine } from '../src/machine.js';
import type { Effect, Input } from '../src/machine-io.js';

/** A machine whose effects somebody performs. Subclasses say how. */
export abstract class SteppedMachine {
  private readonly inputs: Input[] = [];
  private isStepping = false;

  /** As the shell does: an input that comes meanwhile waits for its turn. */
  step(input: Input): void {
    this.inputs.push(input);
    if (this.isStepping) return;
    this.isStepping = true;
    for (let next = this.inputs.shift(); next; next = this.inputs.shift()) {
      for (const effect of this.machine.step(next)) this.perform(effect);
    }
    this.isStepping = false;
  }

  protected abstract readonly machine: Machine;
  protected abstract perform(effect: Effect): void;
}
