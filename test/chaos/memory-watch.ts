import type { Program } from '../harness/processes/program.js';

/** Between two looks, ms. */
const LOOK_MS = 2000;
/** A process is looked at once it is this old (ms): before that it loads and compiles itself, and fills what is bounded. */
const WARM_MS = 60_000;
/** What was looked at for less than this (ms) says nothing about growth: one huge answer moves a third of a shorter time. */
const TELLING_MS = 150_000;
/** Growth from the first third to the last that is still called flat. */
const FLAT = 1.1;
const METRICS = {
  resident: 'pollcast_process_resident_memory_bytes',
  heap: 'pollcast_nodejs_heap_size_used_bytes',
} as const;

/** MB. */
interface Sample {
  readonly at: number;
  readonly resident: number;
  readonly heap: number;
}

/** What is looked at: one process, or all warm ones of a program over the run, since faults end processes. */
interface Watched {
  readonly name: string;
  readonly samples: Sample[];
}

/** A process. */
interface ProcessRun extends Watched {
  readonly bornAt: number;
}

/**
 * Memory of gateways and workers over a run: of each process that lives long enough, and of each program. Judged is
 * resident memory, the median of the last third of the time against that of the first, once processes are warm. Heap
 * is told besides, the least of each third: what is alive after a collection.
 */
export class MemoryWatch {
  private readonly processRuns = new Map<number, ProcessRun>();
  private readonly byProgram = new Map<Program['app'], Watched>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly programs: readonly Program[]) {
    this.timer = setInterval(() => this.programs.forEach((program) => void this.look(program)), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One line for each that was looked at for long enough. */
  lines(): string[] {
    const told = this.told().map(({ name, resident, heap, seconds }) => {
      const arrow = (thirds: readonly number[]) => thirds.map((mb) => mb.toFixed(0)).join(' → ');
      return `memory of ${name} over ${seconds} s: ${arrow(resident)} MB resident, ${arrow(heap)} MB of heap alive`;
    });
    return told.length > 0 ? told : ['memory: nothing was looked at for long enough'];
  }

  /** What grew. */
  faults(): string[] {
    return this.told().flatMap(({ name, resident: [before = 0, after = 0] }) =>
      after > before * FLAT ? [`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB resident`] : [],
    );
  }

  private told() {
    return [...this.byProgram.values(), ...this.processRuns.values()].flatMap(({ name, samples }) => {
      const [from, to] = [samples.at(0)?.at ?? 0, samples.at(-1)?.at ?? 0];
      if (to - from < TELLING_MS) return [];
      const third = (to - from) / 3;
      const thirds = [samples.filter(({ at }) => at <= from + third), samples.filter(({ at }) => at >= to - third)];
      const resident = thirds.map((part) => median(part.map((sample) => sample.resident)));
      const heap = thirds.map((part) => Math.min(...part.map((sample) => sample.heap)));
      return [{ name, resident, heap, seconds: Math.round((to - from) / 1000) }];
    });
  }

  private async look(program: Program): Promise<void> {
    const { pid, app, name } = program;
    const at = Date.now();
    if (pid === null || app === 'simulator') return;
    const processRun = this.processRuns.get(pid) ?? { name: `${name} (process ${pid})`, bornAt: at, samples: [] };
    this.processRuns.set(pid, processRun);
    if (at - processRun.bornAt < WARM_MS) return;
    try {
      const read = async (metric: string) => Number([...(await program.metrics(metric)).values()][0]) / 2 ** 20;
      const sample = { at, resident: await read(METRICS.resident), heap: await read(METRICS.heap) };
      if (!Number.isFinite(sample.resident) || !Number.isFinite(sample.heap)) return;
      const all = this.byProgram.get(app) ?? { name: `all ${app}s`, samples: [] };
      this.byProgram.set(app, all);
      all.samples.push(sample);
      processRun.samples.push(sample);
    } catch {
      // It stands still, or has just ended.
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
