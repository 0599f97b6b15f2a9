import {
  formatPosition,
  type CaseId,
  type Feed,
  type FeedKey,
  type Notice,
  type Publication,
  type Recovery,
  type Subscriber,
} from '#core';
import { upstreamData, type NoticeEvent, type ReadyData, type RevokedReason } from '#protocol';
import type { Connection } from './connection.js';

/** One client's tickets of one feed: hands what the hub brings to the client's connection. */
export class LiveSubscription implements Subscriber {
  /** Tickets that are delivered or about to be; each stands for one interest. */
  readonly tickets = new Set<CaseId>();
  /** Told when a subscribe is complete, before the first live publication. */
  onReady: ((ready: ReadyData) => void) | null = null;

  constructor(
    readonly feed: Feed,
    readonly key: FeedKey,
    private readonly connection: Connection,
  ) {}

  recover(recovery: Recovery): void {
    const { outlet, limit } = this.connection;
    outlet.begin();
    recovery.notices.forEach((notice) => this.notify(notice));
    this.connection.replay(recovery.replay, this.feed);
    outlet.joined(recovery.caseIds.map((caseId) => this.room(caseId)));
    this.onReady?.({
      case_ids: recovery.caseIds,
      last_event_id: formatPosition(recovery.position),
      recovered: recovery.recovered,
      replayed: recovery.replay.length,
    });
    outlet.settle();
    limit.replayed(outlet.unsentBytes);
  }

  deliver(publication: Publication, more: boolean): void {
    this.connection.deliver(publication, this.feed, more);
  }

  notify(notice: Notice): void {
    this.connection.counters.noticed(notice);
    this.connection.outlet.notify(this.noticeEvent(notice));
  }

  /** Tells the client that its right to these tickets is withdrawn. */
  revoke(caseIds: readonly CaseId[]): void {
    this.connection.outlet.notify(this.revoked(caseIds, 'rights'));
  }

  /** These tickets are delivered no longer. */
  forget(caseIds: readonly CaseId[]): void {
    caseIds.forEach((caseId) => this.tickets.delete(caseId));
    this.connection.outlet.left(caseIds.map((caseId) => this.room(caseId)));
  }

  private noticeEvent(notice: Notice): NoticeEvent {
    switch (notice.kind) {
      case 'gap':
        return { event: 'gap', data: { case_ids: notice.caseIds, ...this.group, reason: notice.reason } };
      case 'upstream':
        return { event: 'upstream', data: upstreamData(notice.state, this.feed.groupId) };
      case 'revoked':
        return this.revoked(notice.caseIds, 'upstream');
    }
  }

  private revoked(caseIds: readonly CaseId[], reason: RevokedReason): NoticeEvent {
    return { event: 'revoked', data: { case_ids: caseIds, ...this.group, reason } };
  }

  private get group(): { group_id?: string } {
    return this.feed.groupId === undefined ? {} : { group_id: this.feed.groupId };
  }

  /** Feed keys have no colon, so that no two tickets share a room. */
  private room(caseId: CaseId): string {
    return `${this.key}:${caseId}`;
  }
}
