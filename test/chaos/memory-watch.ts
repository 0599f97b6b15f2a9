import type { Program } from '../support/program.js';

/** Between two looks, ms. */
const LOOK_MS = 2000;
/** A process is looked at once it is this old (ms): before that it is still loading and compiling itself. */
const WARM_MS = 20_000;
/** Runs shorter than this (ms) say nothing about growth. */
const TELLING_MS = 300_000;
/** Growth from the first third of a run to the last that is still called flat. */
const FLAT = 1.1;
const METRICS = {
  resident: 'pollcast_process_resident_memory_bytes',
  heap: 'pollcast_nodejs_heap_size_used_bytes',
} as const;

interface Sample {
  readonly at: number;
  readonly residentMb: number;
  readonly heapMb: number;
}

/**
 * Memory of gateways and workers over a run, by what they are: faults end them too often to follow single ones. Judged
 * by the lowest heap, which is what is alive after a collection. Resident memory is told besides: it follows the
 * largest answer so far, and the upstream's whole past, which a new life begins with, grows as long as a run goes on.
 */
export class MemoryWatch {
  private readonly samples = new Map<Program['app'], Sample[]>();
  private readonly births = new Map<number, number>();
  private readonly startedAt = Date.now();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly programs: readonly Program[]) {
    this.timer = setInterval(() => this.programs.forEach((program) => void this.look(program)), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One line per kind of program, MB. */
  lines(): string[] {
    const mb = (value: number) => (Number.isFinite(value) ? value.toFixed(0) : '?');
    return [...this.samples.keys()].map((app) => {
      const [start, end] = this.thirds(app);
      const [heaps, residents] = [[start, end].map(lowestHeap), [start, end].map(medianResident)];
      return `memory of a ${app}, first and last third: ${heaps.map(mb).join(' → ')} MB of heap alive, ${residents.map(mb).join(' → ')} MB resident`;
    });
  }

  /** Kinds of programs that grew. */
  faults(): string[] {
    if (Date.now() - this.startedAt < TELLING_MS) return [];
    return (['gateway', 'worker'] as const).flatMap((app) => {
      const [before, after] = this.thirds(app).map(lowestHeap);
      const grew = before !== undefined && after !== undefined && after > before * FLAT;
      return grew ? [`memory of a ${app} grew from ${before.toFixed(0)} to ${after.toFixed(0)} MB`] : [];
    });
  }

  private thirds(app: Program['app']): [readonly Sample[], readonly Sample[]] {
    const third = (Date.now() - this.startedAt) / 3;
    const samples = this.samples.get(app) ?? [];
    const age = ({ at }: Sample) => at - this.startedAt;
    return [samples.filter((one) => age(one) <= third), samples.filter((one) => age(one) >= 2 * third)];
  }

  private async look(program: Program): Promise<void> {
    const { pid, app } = program;
    const at = Date.now();
    if (pid === null) return;
    const birth = this.births.get(pid) ?? at;
    this.births.set(pid, birth);
    if (at - birth < WARM_MS) return;
    try {
      const read = async (name: string) => Number([...(await program.metrics(name)).values()][0]) / 2 ** 20;
      const sample = { at, residentMb: await read(METRICS.resident), heapMb: await read(METRICS.heap) };
      if (Number.isFinite(sample.heapMb)) this.samples.set(app, [...(this.samples.get(app) ?? []), sample]);
    } catch {
      // It stands still, or has just ended.
    }
  }
}

function lowestHeap(samples: readonly Sample[]): number {
  return Math.min(...samples.map(({ heapMb }) => heapMb));
}

function medianResident(samples: readonly Sample[]): number {
  return [...samples].sort((a, b) => a.residentMb - b.residentMb)[Math.floor(samples.length / 2)]?.residentMb ?? NaN;
}
