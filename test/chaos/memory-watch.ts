import type { Program } from '../harness/processes/program.js';

/** Time between two samples, ms. */
const SAMPLE_MS = 2000;
/** Age from which a process is measured, ms. Before that it loads and compiles code and fills its bounded caches. */
const WARM_MS = 60_000;
/** Shortest time of measurement from which growth is judged, ms. In a shorter time one huge answer changes the result. */
const JUDGED_MS = 150_000;
/** Largest accepted ratio of the last third to the first third. */
const FLAT = 1.1;
/** The same for the smallest heaps, where a run begins with empty caches. */
const HEAP_FLAT = 1.2;
const METRICS = {
  resident: 'process_resident_memory_bytes',
  heap: 'nodejs_heap_size_used_bytes',
} as const;

/** The memory of one process at one time. `resident` and `heap` in MB. */
interface Sample {
  readonly at: number;
  readonly resident: number;
  readonly heap: number;
}

/** The samples of one process, or of all processes of a program, since faults end processes. */
interface Watched {
  readonly name: string;
  readonly samples: Sample[];
}

/** One process, by its pid. */
interface ProcessRun extends Watched {
  readonly bornAt: number;
}

/**
 * Measures the memory of gateways and workers during a run: of each process that runs long enough, and of each program. It
 * compares the median of the resident memory in the last third of the time with that in the first third. It also lists the
 * smallest heap of each third: the part that stays after a collection.
 */
export class MemoryWatch {
  private readonly processRuns = new Map<number, ProcessRun>();
  private readonly byProgram = new Map<Program['app'], Watched>();
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = Date.now();

  constructor(private readonly programs: readonly Program[]) {
    this.timer = setInterval(() => this.programs.forEach((program) => void this.sample(program)), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One line for each process and program that was measured for long enough. If none was, one line that says why. */
  lines(): string[] {
    const lines = this.results().map(({ name, resident, heap, seconds }) => {
      const arrow = (thirds: readonly number[]) => thirds.map((mb) => mb.toFixed(0)).join(' → ');
      return `memory of ${name} over ${seconds} s: ${arrow(resident)} MB resident, ${arrow(heap)} MB of heap alive`;
    });
    return lines.length > 0 ? lines : [this.notJudged()];
  }

  private notJudged(): string {
    const lasted = Math.round((Date.now() - this.startedAt) / 1000);
    const needed = (WARM_MS + JUDGED_MS) / 1000;
    return (
      `memory is NOT judged: this run is too short (${lasted} s, and ${needed} s are needed). ` +
      `A process loads code and fills caches for ${WARM_MS / 1000} s, and a shorter measurement than ` +
      `${JUDGED_MS / 1000} s is changed by one large answer. npm run test:chaos judges it`
    );
  }

  /** One sentence for each process and program whose memory has grown. */
  faults(): string[] {
    return this.results().flatMap(({ name, resident: [before = 0, after = 0] }) =>
      after > before * FLAT ? [`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB resident`] : [],
    );
  }

  /** One sentence if what stays after a collection has grown in all processes of a program. */
  heapFaults(app: Program['app']): string[] {
    return this.results()
      .filter(({ name, heap: [before = 0, after = 0] }) => name === allOf(app) && after > before * HEAP_FLAT)
      .map(({ name, heap }) => `the heap of ${name} grew from ${heap.map((mb) => mb.toFixed(0)).join(' to ')} MB`);
  }

  private results() {
    return [...this.byProgram.values(), ...this.processRuns.values()].flatMap(({ name, samples }) => {
      const [from, to] = [samples.at(0)?.at ?? 0, samples.at(-1)?.at ?? 0];
      if (to - from < JUDGED_MS) return [];
      const third = (to - from) / 3;
      const thirds = [samples.filter(({ at }) => at <= from + third), samples.filter(({ at }) => at >= to - third)];
      const resident = thirds.map((part) => median(part.map((sample) => sample.resident)));
      const heap = thirds.map((part) => Math.min(...part.map((sample) => sample.heap)));
      return [{ name, resident, heap, seconds: Math.round((to - from) / 1000) }];
    });
  }

  private async sample(program: Program): Promise<void> {
    const { pid, app, name } = program;
    const at = Date.now();
    if (pid === null || app === 'simulator') return;
    const processRun = this.processRuns.get(pid) ?? { name: `${name} (process ${pid})`, bornAt: at, samples: [] };
    this.processRuns.set(pid, processRun);
    if (at - processRun.bornAt < WARM_MS) return;
    try {
      const read = async (metric: string) => Number([...(await program.metrics(metric)).values()][0]) / 2 ** 20;
      const sample: Sample = { at, resident: await read(METRICS.resident), heap: await read(METRICS.heap) };
      if (!Number.isFinite(sample.resident) || !Number.isFinite(sample.heap)) return;
      const all = this.byProgram.get(app) ?? { name: allOf(app), samples: [] };
      this.byProgram.set(app, all);
      all.samples.push(sample);
      processRun.samples.push(sample);
    } catch {
      // The process is frozen, or has just ended.
    }
  }
}

function allOf(app: Program['app']): string {
  return `all ${app}s`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
