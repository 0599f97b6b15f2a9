import type { Gap, TicketMessage, TicketStatus } from './events.js';
import { lostEvents, type GapSource, type LostEvent } from './gap-closing.js';

/** The gaps of followed tickets that a client has closed by itself. Loaded when there is one. */
export class ClosedGaps {
  /** The last id of each ticket that came when a gap was closed. */
  private readonly upTo = new Map<string, string>();

  /** @param read gives the lost events of a gap */
  constructor(private readonly read = lostEvents) {}

  /** Whether an event of a replay came when a gap was closed: some of what is before the gap's end may be kept. */
  has({ id, case_id: caseId }: TicketMessage | TicketStatus): boolean {
    return id <= (this.upTo.get(caseId) ?? '');
  }

  /** Resolves when all that is lost was told, one after the other. @throws {Error} if it cannot be had */
  async close(gap: Gap, source: GapSource, tell: (lost: LostEvent) => Promise<void>): Promise<void> {
    for (const lost of await this.read(gap, source)) {
      await tell(lost);
      this.upTo.set(lost.data.case_id, lost.data.id);
    }
  }

  /** The ticket is left. If it is followed again, it gets its last events anew, with those that closed the gap. */
  forget(caseId: string): void {
    this.upTo.delete(caseId);
  }
}
