import { readFileSync } from 'node:fs';

import type { Program } from '../support/program.js';

/** Between two looks, ms. */
const LOOK_MS = 2000;
/** A process is looked at once it is this old (ms): before that it is still loading and compiling itself. */
const WARM_MS = 20_000;
/** Runs shorter than this (ms) say nothing about growth. */
export const TELLING_MS = 300_000;
/** Growth from the first third of a run to the last that is still called flat. */
const FLAT = 1.1;

interface Sample {
  readonly at: number;
  readonly mb: number;
}

/** Resident memory of all processes of a run, by what they are: faults end them too often to follow single ones. */
export class MemoryWatch {
  private readonly samples = new Map<string, Sample[]>();
  private readonly births = new Map<number, number>();
  private readonly startedAt = Date.now();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly programs: readonly Program[]) {
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One line per kind of program: its median at the start and at the end, MB. */
  lines(): string[] {
    return [...this.samples.keys()].map((role) => {
      const { start, end } = this.span(role);
      const at = (mb: number) => (mb > 0 ? `${mb.toFixed(0)} MB` : 'unknown');
      return `memory of a ${role}: ${at(start)} at the start, ${at(end)} at the end`;
    });
  }

  /** Kinds of programs that grew. The simulator keeps its ledger, and is no part of the product. */
  faults(): string[] {
    if (Date.now() - this.startedAt < TELLING_MS) return [];
    return ['gateway', 'worker'].flatMap((role) => {
      const { start, end } = this.span(role);
      return end > start * FLAT ? [`memory of a ${role} grew from ${start.toFixed(0)} to ${end.toFixed(0)} MB`] : [];
    });
  }

  private span(role: string): { start: number; end: number } {
    const third = (Date.now() - this.startedAt) / 3;
    const samples = this.samples.get(role) ?? [];
    return {
      start: median(samples.filter(({ at }) => at - this.startedAt <= third).map(({ mb }) => mb)),
      end: median(samples.filter(({ at }) => at - this.startedAt >= 2 * third).map(({ mb }) => mb)),
    };
  }

  private look(): void {
    const at = Date.now();
    for (const { app, pid } of this.programs) {
      const mb = pid === null ? null : residentMb(pid);
      if (pid === null || mb === null) continue;
      const birth = this.births.get(pid) ?? at;
      this.births.set(pid, birth);
      if (at - birth < WARM_MS) continue;
      this.samples.set(app, [...(this.samples.get(app) ?? []), { at, mb }]);
    }
  }
}

function residentMb(pid: number): number | null {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? null : Number(kb) / 1024;
  } catch {
    return null; // It has just ended, or this is no Linux.
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
