import {
  isUnreadTopic,
  ticketOf,
  type CaseId,
  type Feed,
  type FeedKey,
  type Notice,
  type Publication,
  type Recovery,
  type ReplayPart,
  type Subscriber,
} from '#core';
import {
  encodeSnapshot,
  gapData,
  upstreamData,
  type NoticeEvent,
  type PositionIds,
  type RevokedReason,
} from '#protocol';
import type { Connection } from './connection.js';
import type { ReplayPace } from './replay-pace.js';
import { ticketsOnly } from './unread-hub.js';
import type { Receiver, TickWrites } from './tick-writes.js';

/** The subscribe that is being served. */
export interface Recovering {
  /**
   * A part of a long replay is about to be written.
   *
   * @returns whether the client still waits for it
   */
  replaying(part: ReplayPart): boolean;
  /** The replay is written. Called before the first live publication. */
  recovered(recovery: Recovery): void;
}

/** What all subscriptions of a gateway share. */
export interface LiveParts {
  readonly writes: TickWrites;
  readonly pace: ReplayPace;
  readonly ids: Pick<PositionIds, 'idOf'>;
}

/**
 * One client's tickets of one feed. It passes what the hub delivers to the client's connection. Publications wait for
 * the end of the tick. Everything else is written behind the publications that wait.
 */
export class LiveSubscription implements Subscriber, Receiver {
  /** Tickets that are delivered or about to be. Each has one interest. */
  readonly tickets = new Set<CaseId>();
  recovering: Recovering | null = null;

  private readonly writes: TickWrites;

  constructor(
    readonly feed: Feed,
    readonly key: FeedKey,
    private readonly connection: Connection,
    private readonly parts: LiveParts,
  ) {
    this.writes = parts.writes;
  }

  wants(name: CaseId): boolean {
    return this.tickets.has(ticketOf(name));
  }

  async replay(part: ReplayPart): Promise<void> {
    const { connection } = this;
    await this.parts.pace.turn();
    const allowed = this.allowedOf(part);
    if (connection.isOpen && this.recovering?.replaying(allowed) === true) {
      this.writePart(allowed);
      await connection.roomForMore();
    }
  }

  recover(recovered: Recovery): void {
    const recovery = { ...recovered, caseIds: ticketsOnly(recovered.caseIds), pending: ticketsOnly(recovered.pending) };
    this.writes.flush();
    const { outlet, limit } = this.connection;
    outlet.begin();
    recovery.notices.forEach((notice) => this.notify(notice));
    this.connection.replay(recovery, this.feed);
    const id = this.parts.ids.idOf(recovery.position);
    recovery.cuts.forEach((cut) => outlet.text('snapshot', encodeSnapshot(cut, id, this.feed.groupId, this.parts.ids)));
    outlet.joined(recovery.caseIds.map((caseId) => this.room(caseId)));
    this.recovering?.recovered(recovery);
    outlet.settle();
    limit.replayed(outlet.unsentBytes);
  }

  deliver(publication: Publication): void {
    this.writes.add(this, publication);
  }

  send(publication: Publication): void {
    this.connection.send(publication, this.feed);
  }

  collect(publication: Publication): boolean {
    return this.connection.collect(publication, this.feed);
  }

  flush(): void {
    this.connection.flush();
  }

  notify(heard: Notice): void {
    const notice = heard.kind === 'upstream' ? heard : { ...heard, caseIds: ticketsOnly(heard.caseIds) };
    if (heard.kind !== 'upstream' && heard.caseIds.every(isUnreadTopic) && heard.caseIds.length > 0) {
      return; // Only the last unread count matters, so a gap in earlier ones is no loss.
    }
    this.writes.flush();
    this.connection.counters.noticed(notice);
    this.connection.outlet.notify(this.noticeEvent(notice));
  }

  /** Tells the client that its right to these tickets is withdrawn. */
  revoke(caseIds: readonly CaseId[]): void {
    this.writes.flush();
    this.connection.outlet.notify(this.revoked(caseIds, 'rights'));
  }

  /** Removes tickets: they are not delivered any more. */
  forget(caseIds: readonly CaseId[]): void {
    this.writes.flush();
    caseIds.forEach((caseId) => this.tickets.delete(caseId));
    this.connection.outlet.left(caseIds.map((caseId) => this.room(caseId)));
  }

  private writePart({ notices, publications, sharing }: ReplayPart): void {
    this.writes.flush();
    const { outlet, limit } = this.connection;
    outlet.begin();
    notices.forEach((notice) => this.notify(notice));
    this.connection.replayPart({ publications, sharing }, this.feed);
    outlet.settle();
    limit.replayed(outlet.unsentBytes);
  }

  /** Without the tickets to which the right was withdrawn since the part was read (invariant 10). */
  private allowedOf(part: ReplayPart): ReplayPart {
    const wanted = (names: readonly CaseId[]) => names.filter((name) => this.wants(name));
    const publications = part.publications.filter(({ caseId }) => this.wants(caseId));
    const notices = part.notices
      .map((notice) => (notice.kind === 'upstream' ? notice : { ...notice, caseIds: wanted(notice.caseIds) }))
      .filter((notice) => notice.kind === 'upstream' || notice.caseIds.length > 0);
    // Others get the publications that were left out, so their frames are not shared.
    const isWhole = publications.length === part.publications.length;
    return isWhole ? { ...part, notices } : { notices, publications, sharing: 'none' };
  }

  private noticeEvent(notice: Notice): NoticeEvent {
    switch (notice.kind) {
      case 'gap':
        return { event: 'gap', data: gapData(notice, this.feed, this.parts.ids) };
      case 'upstream':
        return { event: 'upstream', data: upstreamData(notice.state, this.feed.groupId) };
      case 'revoked':
        return this.revoked(notice.caseIds, 'upstream');
      case 'backfilled':
        return { event: 'backfilled', data: { case_ids: notice.caseIds, ...this.group } };
    }
  }

  private revoked(caseIds: readonly CaseId[], reason: RevokedReason): NoticeEvent {
    return { event: 'revoked', data: { case_ids: caseIds, ...this.group, reason } };
  }

  private get group(): { group_id?: string } {
    return this.feed.groupId === undefined ? {} : { group_id: this.feed.groupId };
  }

  /** The name of a ticket's room. Feed keys have no colon, so two tickets never share a room. */
  private room(caseId: CaseId): string {
    return `${this.key}:${caseId}`;
  }
}
