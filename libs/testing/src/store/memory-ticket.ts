import type {
  CaseId,
  DeliveredAt,
  DeliveredNames,
  DeltaEntry,
  HistoryWant,
  MessageClass,
  MessageIdentity,
  PageBefore,
  Publication,
  TicketHistory,
  TicketPage,
} from '#core';
import { DeliveredMessages } from './delivered-messages.js';

/** What the store keeps of one ticket. It is kept after the ticket left its set, so that nothing is published twice. */
export class MemoryTicket {
  readonly delivered = new DeliveredMessages();
  private readonly offsets = new Map<MessageIdentity, number>();
  private readonly classes = new Map<MessageIdentity, MessageClass | null>();
  private status: number | null = null;
  private log: Publication[] = [];
  private lastOffset = 0;
  /** Offset of the newest publication that the bound pushed out of the history. */
  private trimmedUpTo = 0;

  constructor(
    private readonly caseId: CaseId,
    private readonly historyMax: number,
  ) {}

  /** Whether the upstream has shown anything of it. */
  get isKnown(): boolean {
    return this.lastOffset > 0;
  }

  get readStatus(): number | null {
    return this.status;
  }

  hasStatus(status: number): boolean {
    return this.status === status;
  }

  publish(entry: DeltaEntry, epoch: string, offset: number): Publication {
    const publication = this.place(entry, { epoch, offset, previous: this.lastOffset });
    this.lastOffset = offset;
    this.log.push(publication);
    if (this.log.length > this.historyMax) {
      this.trimmedUpTo = this.log.shift()?.offset ?? this.trimmedUpTo;
    }
    return publication;
  }

  /** @param epoch the present one: publications that are left from an older epoch belong to it */
  history({ atLeast, after }: HistoryWant, epoch: string): TicketHistory {
    const wanted = after === null ? -1 : this.log.findIndex((entry) => entry.offset > after);
    const newest = Math.max(0, this.log.length - atLeast);
    const start = wanted < 0 ? newest : Math.min(newest, wanted);
    return {
      caseId: this.caseId,
      publications: this.log.slice(start).map((entry) => ({ ...entry, epoch })),
      completeAfter: this.log[start - 1]?.offset ?? this.trimmedUpTo,
      exhausted: start === 0,
      readStatus: this.status,
    };
  }

  /** The offset after which the last `count` publications are (null: all), and how many they are. */
  extent(count: number | null, offset: number): { readonly floor: number; readonly count: number } {
    const kept = count === null ? this.log : count === 0 ? [] : this.log.slice(-count);
    return { floor: (kept[0]?.offset ?? offset + 1) - 1, count: kept.length };
  }

  /** The publications after an offset and up to another one, and whether publications after the former are gone. */
  slice(after: number, upTo: number, epoch: string) {
    const wanted = this.log.filter(({ offset }) => offset > after && offset <= upTo);
    return { publications: wanted.map((entry) => ({ ...entry, epoch })), isTruncated: this.trimmedUpTo > after };
  }

  /** At most `limit` publications after an offset. */
  page(after: number, limit: number, epoch: string): Pick<TicketPage, 'publications' | 'truncated' | 'more'> {
    const later = this.log.filter(({ offset }) => offset > after);
    const publications = later.slice(0, limit).map((entry) => ({ ...entry, epoch }));
    return { publications, truncated: this.trimmedUpTo > after, more: later.length > limit };
  }

  /** The last `limit` publications before an offset. */
  pageBefore(
    before: number,
    limit: number,
    epoch: string,
  ): Pick<PageBefore, 'publications' | 'more' | 'begins' | 'oldest'> {
    const log = this.log.map((entry) => ({ ...entry, epoch }));
    const earlier = log.filter(({ offset }) => offset < before);
    return {
      publications: earlier.slice(-limit),
      more: earlier.length > limit,
      begins: log[0]?.offset ?? null,
      oldest: log.find(({ kind }) => kind === 'message') ?? null,
    };
  }

  deliveredAt(names: readonly DeliveredNames[]): Omit<DeliveredAt, 'epoch'> {
    const byIdentity = names.map(({ identity }) => this.offsets.get(identity) ?? null);
    const free = (name: MessageClass) =>
      [...this.offsets.entries()].filter(
        ([identity, at]) => this.classes.get(identity) === name && !byIdentity.includes(at),
      );
    const left = new Map(names.flatMap(({ class: name }) => (name === null ? [] : [[name, free(name)] as const])));
    const offsets = names.map(({ class: name }, at) =>
      byIdentity[at] === null && name !== null ? (left.get(name)?.shift()?.[1] ?? null) : (byIdentity[at] ?? null),
    );
    return { begins: this.log[0]?.offset ?? null, offsets };
  }

  private place(entry: DeltaEntry, placed: Pick<Publication, 'epoch' | 'offset' | 'previous'>): Publication {
    if (entry.kind === 'status') {
      this.status = entry.status;
      return { ...entry, ...placed };
    }
    const { identity, class: name, ...message } = entry;
    this.offsets.set(identity, placed.offset);
    this.classes.set(identity, name);
    return { ...message, ...placed };
  }
}
