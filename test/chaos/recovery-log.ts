import type { Fault } from './fault.js';

interface Recovery {
  readonly fault: Fault;
  readonly flowMs: number;
  readonly isMeasured: boolean;
}

/** The times until messages flowed again after each fault, compared with the promised times. */
export class RecoveryLog {
  private readonly recoveries: Recovery[] = [];

  /** @param together whether another fault happened at the same time; no promise covers two faults */
  add(fault: Fault, flowMs: number, together: boolean): void {
    this.recoveries.push({ fault, flowMs, isMeasured: !together });
  }

  /** One line per fault, the slowest first. */
  lines(): string[] {
    const rows = [...new Set(this.recoveries.map(({ fault }) => fault.name))].map((name) => {
      const all = this.recoveries.filter(({ fault }) => fault.name === name);
      const alone = all.filter(({ isMeasured }) => isMeasured).map(({ flowMs }) => flowMs);
      return { name, count: all.length, slowest: Math.max(0, ...alone), limit: all[0]?.fault.recoversWithinMs ?? 0 };
    });
    rows.sort((a, b) => b.slowest - a.slowest);
    return rows.map(
      ({ name, count, slowest, limit }) =>
        `${slowest > 0 ? `${slowest} ms at the slowest` : 'never measured alone'} (at most ${limit}), ${count} times: ${name}`,
    );
  }

  faults(): string[] {
    return this.recoveries
      .filter(({ fault, flowMs, isMeasured }) => isMeasured && flowMs > fault.recoversWithinMs)
      .map(
        ({ fault, flowMs }) => `${flowMs} ms until messages flowed, at most ${fault.recoversWithinMs}: ${fault.name}`,
      );
  }
}
