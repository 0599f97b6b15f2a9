import type { BrokerListener, CaseId, FeedKey, Publication, UpstreamState } from '#core';

/** A listener that records events. Tests can wait for events, so they do not depend on the time that delivery takes. */
export class RecordingListener implements BrokerListener {
  readonly publications: Publication[] = [];
  readonly states: UpstreamState[] = [];
  readonly quarantined: { readonly caseId: CaseId; readonly quarantined: boolean }[] = [];
  readonly backfills: CaseId[] = [];
  interruptions = 0;
  private waiting: { readonly enough: () => boolean; readonly resolve: () => void }[] = [];

  published(_feed: FeedKey, publication: Publication): void {
    this.publications.push(publication);
    this.look();
  }

  upstreamChanged(_feed: FeedKey, state: UpstreamState): void {
    this.states.push(state);
    this.look();
  }

  quarantineChanged(_feed: FeedKey, caseId: CaseId, quarantined: boolean): void {
    this.quarantined.push({ caseId, quarantined });
    this.look();
  }

  backfilled(_feed: FeedKey, caseIds: readonly CaseId[]): void {
    this.backfills.push(...caseIds);
    this.look();
  }

  interrupted(): void {
    this.interruptions += 1;
    this.look();
  }

  /** Resolves when `enough` returns true. If it never does, the test fails by its timeout. */
  until(enough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ enough, resolve });
      this.look();
    });
  }

  private look(): void {
    const ready = this.waiting.filter(({ enough }) => enough());
    this.waiting = this.waiting.filter((entry) => !ready.includes(entry));
    ready.forEach(({ resolve }) => resolve());
  }
}
