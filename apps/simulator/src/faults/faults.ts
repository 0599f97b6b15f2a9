import { type Fault, type FaultTarget } from './fault.js';

/** A fault in force, and how often it was used. */
interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  readonly caseIds?: ReadonlySet<string>;
  /** Matching requests so far, those that passed included. */
  seen: number;
  /** Requests that it was applied to. */
  fired: number;
}

/** As `GET /control/faults` lists it. */
export type FaultReport = Fault & { readonly id: number; readonly fired: number };

/** The faults in force, in the order in which they were added. */
export class Faults {
  private active: ActiveFault[] = [];
  private lastId = 0;

  /** @returns the id that {@link remove} takes */
  add(fault: Fault): number {
    this.lastId += 1;
    const caseIds = fault.case_ids && new Set(fault.case_ids);
    this.active.push({ id: this.lastId, fault, caseIds, seen: 0, fired: 0 });
    return this.lastId;
  }

  /**
   * The first fault that applies to this request, and counts it. A request gets at most one fault.
   *
   * @param cursor as the request has it
   */
  take(target: FaultTarget, caseIds: readonly string[], cursor?: string): Fault | undefined {
    for (const each of this.active) {
      if (!matches(each, target, caseIds, cursor)) continue;
      each.seen += 1;
      if (each.seen <= (each.fault.after ?? 0)) continue;
      each.fired += 1;
      if (each.fired === each.fault.times) this.remove(each.id);
      return each.fault;
    }
    return undefined;
  }

  list(): FaultReport[] {
    return this.active.map(({ id, fault, fired }) => ({ ...fault, id, fired }));
  }

  /** @returns false if there is no such fault */
  remove(id: number): boolean {
    const before = this.active.length;
    this.active = this.active.filter((each) => each.id !== id);
    return this.active.length < before;
  }

  clear(): void {
    this.active = [];
  }
}

function matches(
  { fault, caseIds }: ActiveFault,
  target: FaultTarget,
  asked: readonly string[],
  cursor: string | undefined,
): boolean {
  if ((fault.target ?? 'messages') !== target) return false;
  if (fault.kind === 'refuse_cursor') {
    if (cursor === undefined || fault.cursors?.includes(cursor) === false) return false;
  }
  return !caseIds || asked.some((caseId) => caseIds.has(caseId));
}
