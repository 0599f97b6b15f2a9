import type { Notice, Publication, Recovery, ReplayPart, StreamPosition, Subscriber, TicketCut } from '#core';

/** A subscriber that records what it gets: contents of messages, and notices as texts. */
export class RecordingSubscriber implements Subscriber {
  readonly told: string[] = [];
  position: StreamPosition | undefined;
  recovered: boolean | undefined;
  cuts: readonly TicketCut[] = [];

  async replay({ notices, publications }: ReplayPart): Promise<void> {
    notices.forEach((notice) => this.notify(notice));
    this.told.push(...publications.map((one) => (one.kind === 'message' ? one.message : '')), 'slice');
    this.position = publications.at(-1) ?? this.position;
  }

  recover(recovery: Recovery): void {
    recovery.notices.forEach((notice) => this.notify(notice));
    this.told.push(...recovery.replay.map((one) => (one.kind === 'message' ? one.message : '')), 'live');
    this.position = recovery.position;
    this.recovered = recovery.recovered;
    this.cuts = recovery.cuts;
  }

  deliver(publication: Publication): void {
    this.told.push(publication.kind === 'message' ? publication.message : '');
    this.position = publication;
  }

  notify(notice: Notice): void {
    switch (notice.kind) {
      case 'gap':
        return void this.told.push(`${notice.reason} ${notice.caseIds.join()}`);
      case 'revoked':
        return void this.told.push(`revoked ${notice.caseIds.join()}`);
      case 'backfilled':
        return void this.told.push(`backfilled ${notice.caseIds.join()}`);
      case 'upstream':
        return void this.told.push(notice.state.state);
    }
  }
}

/** The messages of each cut of its last recovery. */
export function cutsOf({ cuts }: RecordingSubscriber): string[][] {
  return cuts.map(({ messages }) => messages.map((one) => (one.kind === 'message' ? one.message : '')));
}
