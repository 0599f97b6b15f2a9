import type { Notice, Publication, Recovery, ReplayPart, StreamPosition, UpstreamState } from '#core';

/** All publications and states of the test. What clients get is checked against it. */
export class Truth {
  readonly log: Publication[] = [];
  upstream: UpstreamState['state'] = 'ok';
  /** Tickets that the upstream refuses. */
  readonly quarantined = new Set<string>();
  epoch = '';

  /** @param historyMax publications that history keeps per ticket */
  constructor(readonly historyMax: number) {}

  epochs(): string[] {
    return [...new Set(this.log.map((one) => one.epoch))];
  }

  /** Offset up to which a ticket's publications may be gone for good. */
  goneUpTo(caseId: string, epoch: string): number {
    const gone = this.of(caseId, epoch).at(-this.historyMax - 1)?.offset ?? 0;
    return epoch === this.epoch ? gone : Number.POSITIVE_INFINITY;
  }

  /** Whether it is known that this was published; if not, `log` may hold it all the same. */
  has(publication: Publication): boolean {
    const { epoch, offset } = publication;
    const logged = this.log.find((one) => one.offset === offset && one.epoch === epoch);
    return logged !== undefined && areSame(logged, publication);
  }

  of(caseId: string, epoch = this.epoch): Publication[] {
    return this.log.filter((one) => one.caseId === caseId && one.epoch === epoch);
  }
}

/** A client over all of its connections. It checks each event that it gets. */
export class ModelClient {
  position: StreamPosition | null = null;
  upstream: UpstreamState['state'] = 'ok';
  /** Tickets for which it got `revoked` since it connected. */
  private readonly revoked = new Set<string>();
  /** Position of the last publication that it got, by ticket. */
  private readonly last = new Map<string, StreamPosition>();
  /** The position with which it connected; null: it had none. */
  private from: StreamPosition | null = null;
  /** The first publication of each ticket since it connected. */
  private readonly first = new Map<string, number>();
  private hadGap = false;
  /** Tickets with a `gap` after which no publication has arrived yet. */
  private readonly gaps = new Set<string>();

  constructor(
    readonly tickets: readonly string[],
    private readonly truth: Truth,
  ) {}

  /** It connects: from now on it gets one recovery. */
  connected(): void {
    this.upstream = 'ok';
    this.revoked.clear();
    this.from = this.position;
    this.first.clear();
    this.hadGap = false;
  }

  /** A slice of a long replay. A client that is cut off after it resumes from its last publication. */
  replay({ notices, publications }: ReplayPart): void {
    notices.forEach((notice) => this.notify(notice));
    publications.forEach((publication) => this.replayed(publication));
  }

  recover(recovery: Recovery, history: number): void {
    recovery.notices.forEach((notice) => this.notify(notice));
    const { epoch, offset } = recovery.position;
    recovery.replay.forEach((publication) => this.replayed(publication));
    const recovered = this.from !== null && !this.hadGap;
    unless(recovery.recovered === recovered, () => expect(recovery.recovered).toBe(recovered));
    if (this.from === null) {
      for (const caseId of this.tickets) {
        this.checkFirst(caseId, epoch, offset, history);
      }
    }
    this.tickets
      .filter((caseId) => !this.last.has(caseId))
      .forEach((caseId) => {
        const newest = this.truth
          .of(caseId, epoch)
          .filter((one) => one.offset <= offset)
          .at(-1);
        this.beginAt(caseId, { epoch, offset: newest?.offset ?? 0 });
      });
    if (epoch === this.position?.epoch) {
      expect(offset).toBeGreaterThanOrEqual(this.position.offset);
    }
    this.position = recovery.position;
  }

  /** Its first connection ended before it had anything of this ticket. What came after its position is all that it needs. */
  private beginAt(caseId: string, previous: StreamPosition): void {
    if (previous.epoch === this.from?.epoch && !this.gaps.has(caseId)) {
      expect(previous.offset).toBeLessThanOrEqual(this.from.offset);
    }
    this.last.set(caseId, previous);
  }

  /** A client without a position gets the last `history` publications, as of an instant of its subscribe, and all after them. */
  private checkFirst(caseId: string, epoch: string, offset: number, history: number): void {
    const first = this.first.get(caseId);
    const past = this.truth.of(caseId, epoch).filter((one) => one.offset <= offset);
    // The instant may be later than the recovery's position, if the store lost its data in between.
    const latest = Math.max(0, this.truth.of(caseId, epoch).length - history);
    if (first === undefined) {
      expect(this.hadGap || past.length <= latest).toBe(true);
      this.last.set(caseId, { epoch, offset: past.at(-1)?.offset ?? 0 });
    } else if (!this.hadGap) {
      expect(past.findIndex((one) => one.offset === first)).toBeLessThanOrEqual(latest);
      expect(this.last.get(caseId)).toEqual({ epoch, offset: past.at(-1)?.offset });
    }
  }

  private replayed(publication: Publication): void {
    const { caseId, epoch, offset } = publication;
    if (!this.first.has(caseId)) {
      this.first.set(caseId, offset);
      if (this.from === null && !this.gaps.has(caseId)) {
        this.last.set(caseId, { epoch, offset: publication.previous });
      }
      if (!this.last.has(caseId)) {
        this.beginAt(caseId, { epoch, offset: publication.previous });
      }
    }
    this.deliver(publication);
  }

  deliver(publication: Publication): void {
    const { caseId, epoch, offset } = publication;
    const { position } = this;
    unless(this.tickets.includes(caseId), () => expect(this.tickets).toContain(caseId));
    unless(this.truth.has(publication), () => expect(this.truth.log).toContainEqual(publication));
    if (epoch === position?.epoch) {
      unless(offset > position.offset, () => expect(offset).toBeGreaterThan(position.offset));
    }
    this.follow(publication);
    this.position = { epoch, offset };
  }

  notify(notice: Notice): void {
    if (notice.kind === 'upstream') {
      this.upstream = notice.state.state;
      return;
    }
    if (notice.kind === 'revoked') {
      notice.caseIds.forEach((caseId) => this.revoked.add(caseId));
      expect(this.tickets).toEqual(expect.arrayContaining([...this.revoked]));
      return;
    }
    if (notice.kind === 'backfilled') {
      return;
    }
    for (const caseId of notice.caseIds) {
      this.hadGap = true;
      if (notice.reason === 'unknown_position') {
        expect(this.position?.epoch).not.toBe(this.truth.epoch);
      } else {
        // In the epoch that the client knows, or in a later one: the gateway may not know the latest yet.
        const missed = this.truth.epochs().map((epoch) => {
          const from = epoch === this.position?.epoch ? this.position.offset : 0;
          return this.truth.of(caseId, epoch).filter((one) => one.offset > from).length;
        });
        expect(Math.max(...missed)).toBeGreaterThan(this.truth.historyMax);
      }
      this.gaps.add(caseId);
    }
  }

  /** Checks that it has got the last publication of each of its tickets. */
  expectUpToDate(): void {
    for (const caseId of this.tickets) {
      const newest = this.truth.of(caseId).at(-1);
      // A refused ticket may have no publication in this epoch of the feed.
      if (newest !== undefined || !this.truth.quarantined.has(caseId)) {
        const last = this.last.get(caseId);
        unless(last?.epoch === newest?.epoch && last?.offset === newest?.offset, () =>
          expect(last).toEqual({ epoch: newest?.epoch, offset: newest?.offset }),
        );
      }
    }
    expect(this.upstream).toBe(this.truth.upstream);
    // The end of a quarantine has no event of its own: messages arrive again.
    const quarantined = this.tickets.filter((caseId) => this.truth.quarantined.has(caseId));
    expect([...this.revoked]).toEqual(expect.arrayContaining(quarantined));
  }

  /** Checks that publications which are missing before this one were told as a gap and are gone for good. */
  private follow({ caseId, epoch, offset, previous }: Publication): void {
    const last = this.last.get(caseId);
    const gone = this.truth.goneUpTo(caseId, epoch);
    const sameEpoch = last === undefined || last.epoch === epoch;
    const missing = previous !== (last?.epoch === epoch ? last.offset : 0);
    if (missing || !sameEpoch) {
      unless(this.gaps.has(caseId), () => expect(this.gaps).toContain(caseId));
    }
    if (missing) {
      unless(previous <= gone, () => expect(previous).toBeLessThanOrEqual(gone));
    } else if (previous >= gone) {
      this.gaps.delete(caseId);
    }
    this.last.set(caseId, { epoch, offset });
  }
}

function areSame(one: Publication, other: Publication): boolean {
  const [fields, others] = [Object.entries(one), Object.entries(other)];
  return fields.length === others.length && fields.every(([name, value]) => other[name as keyof Publication] === value);
}

/** For checks that are made in each of a million events: an `expect` takes longer than all else in them, also if it holds. */
function unless(holds: boolean, fail: () => void): void {
  if (!holds) fail();
}
