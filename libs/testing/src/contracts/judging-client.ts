import type { Notice, Publication, Recovery, StreamPosition, UpstreamState } from '#core';

/** What is true, from which it is judged what clients are told. */
export class Truth {
  readonly log: Publication[] = [];
  upstream: UpstreamState['state'] = 'ok';
  epoch = '';

  /** @param historyMax what is kept per ticket */
  constructor(readonly historyMax: number) {}

  lives(): string[] {
    return [...new Set(this.log.map((one) => one.epoch))];
  }

  of(caseId: string, epoch = this.epoch): Publication[] {
    return this.log.filter((one) => one.caseId === caseId && one.epoch === epoch);
  }
}

/** A client as it outlives its connections: it judges each thing that it is told. */
export class JudgingClient {
  position: StreamPosition | null = null;
  upstream: UpstreamState['state'] = 'ok';
  /** Offset of the last publication had of each ticket. */
  private readonly last = new Map<string, number>();
  /** How many gaps were told of each ticket: as many times it may miss something. */
  private readonly gaps = new Map<string, number>();

  constructor(
    readonly tickets: readonly string[],
    private readonly truth: Truth,
  ) {}

  recover(recovery: Recovery, history: number): void {
    this.upstream = 'ok';
    recovery.notices.forEach((notice) => this.notify(notice));
    const { epoch, offset } = recovery.position;
    if (this.position === null) {
      expect(recovery.recovered).toBe(false);
      for (const caseId of this.tickets) {
        const past = this.truth.of(caseId, epoch).filter((one) => one.offset <= offset);
        const replayed = recovery.replay.filter((one) => one.caseId === caseId);
        expect(replayed).toEqual(history === 0 ? [] : past.slice(-history));
        this.last.set(caseId, past.at(-1)?.offset ?? 0);
      }
    } else {
      const gaps = recovery.notices.filter((notice) => notice.kind === 'gap');
      expect(recovery.recovered).toBe(gaps.length === 0);
      if (epoch === this.position.epoch) {
        expect(offset).toBeGreaterThanOrEqual(this.position.offset);
      }
      recovery.replay.forEach((publication) => this.deliver(publication));
    }
    this.position = recovery.position;
  }

  deliver(publication: Publication): void {
    expect(this.tickets).toContain(publication.caseId);
    expect(this.truth.log).toContainEqual(publication);
    if (publication.epoch === this.position?.epoch) {
      expect(publication.offset).toBeGreaterThan(this.position.offset);
    }
    if (publication.previous !== this.last.get(publication.caseId)) {
      const told = this.gaps.get(publication.caseId) ?? 0;
      expect(told).toBeGreaterThan(0);
      this.gaps.set(publication.caseId, told - 1);
    }
    this.last.set(publication.caseId, publication.offset);
    this.position = { epoch: publication.epoch, offset: publication.offset };
  }

  notify(notice: Notice): void {
    if (notice.kind === 'upstream') {
      this.upstream = notice.state.state;
      return;
    }
    for (const caseId of notice.caseIds) {
      if (notice.reason === 'unknown_position') {
        expect(this.position?.epoch).not.toBe(this.truth.epoch);
      } else {
        // In the life that the client knows, or in one that began since: the gateway may not have heard of the latest.
        const missed = this.truth.lives().map((epoch) => {
          const from = epoch === this.position?.epoch ? this.position.offset : 0;
          return this.truth.of(caseId, epoch).filter((one) => one.offset > from).length;
        });
        expect(Math.max(...missed)).toBeGreaterThan(this.truth.historyMax);
      }
      this.gaps.set(caseId, (this.gaps.get(caseId) ?? 0) + 1);
    }
  }

  /** Whether it has had the last that was published on all its tickets. */
  expectUpToDate(): void {
    for (const caseId of this.tickets) {
      const newest = this.truth.of(caseId).at(-1)?.offset ?? 0;
      expect(this.last.get(caseId) ?? 0).toBe(newest);
    }
    expect(this.upstream).toBe(this.truth.upstream);
  }
}
