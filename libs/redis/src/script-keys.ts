import type { CaseId } from '#core';

/**
 * The keys of a feed that a script is given: every key that it touches. Redis Cluster moves the keys of a slot one by one,
 * and sends a script to where its declared keys are. A script that touched another key would find it missing, and would make
 * it again beside the one that is still to be moved.
 *
 * The first of them is a key that never exists. Redis answers TRYAGAIN to a script that declares several keys of which one is
 * missing, for as long as their slot is being moved, on both nodes. So no script ever sees a feed of which a part is
 * elsewhere. The client asks again until the slot has moved.
 */
export class ScriptKeys {
  /** @param base what the feed's keys begin with */
  constructor(private readonly base: string) {}

  /** begin.lua */
  begin(id: number): string[] {
    return [...this.lease(id), ...this.all('feed')];
  }

  /** release.lua */
  lease(id: number): string[] {
    return this.all('never', `set:${id}`);
  }

  /** fail.lua */
  failure(id: number): string[] {
    return [...this.lease(id), ...this.all('feed', 'due', 'failing')];
  }

  /** commit.lua */
  commit(id: number, entries: readonly { readonly case: CaseId }[], backfilled: readonly CaseId[]): string[] {
    const keys = this.failure(id);
    if (entries.length > 0) {
      const tickets = entries.map((entry) => entry.case);
      keys.push(...this.all('place', 'ages'), ...this.of(tickets, 'ticket', 'history', 'delivered'));
    }
    if (backfilled.length > 0) {
      keys.push(...this.all('apart'), ...this.of(backfilled, 'ticket'));
    }
    return keys;
  }

  /** record-bisection.lua */
  bisection(id: number, quarantined: readonly CaseId[]): string[] {
    return [...this.failure(id), ...this.all('place', 'apart', 'sizes'), ...this.of(quarantined, 'ticket')];
  }

  /** history.lua */
  history(tickets: readonly CaseId[]): string[] {
    return [...this.all('never', 'feed', 'ages', 'apart'), ...this.of(tickets, 'ticket', 'history')];
  }

  /** extent.lua */
  extent(tickets: readonly CaseId[]): string[] {
    return [...this.all('never', 'feed', 'ages'), ...this.of(tickets, 'history')];
  }

  /** slice.lua */
  slice(tickets: readonly CaseId[]): string[] {
    return [...this.all('never', 'feed', 'ages'), ...this.of(tickets, 'ticket', 'history')];
  }

  /** page.lua */
  page(ticket: CaseId): string[] {
    return [...this.all('never', 'feed', 'ages'), ...this.of([ticket], 'ticket', 'history')];
  }

  /** page-before.lua */
  pageBefore(ticket: CaseId): string[] {
    return [...this.all('never', 'feed', 'ages', 'place'), ...this.of([ticket], 'ticket', 'history')];
  }

  /** unread.lua @param names of unread counts */
  unread(names: readonly string[]): string[] {
    return [...this.all('never', 'feed', 'ages'), ...this.of(names, 'ticket', 'history')];
  }

  /** delivered-at.lua */
  deliveredAt(ticket: CaseId): string[] {
    return [...this.all('never', 'feed'), ...this.of([ticket], 'delivered', 'ticket', 'history')];
  }

  /** want.lua before it has named the others */
  get want(): string[] {
    return this.all('never', 'feed', 'interest', 'place', 'apart', 'due', 'sizes', 'ages');
  }

  /** hint.lua before it has named the others */
  get hint(): string[] {
    return this.all('never', 'place', 'due');
  }

  /** sweep.lua and release-ticket.lua before they have named the others */
  get sweep(): string[] {
    return this.all('never', 'feed', 'interest', 'place', 'apart', 'due', 'sizes', 'failing', 'ages');
  }

  /** look.lua */
  get look(): string[] {
    return this.all('never', 'feed', 'interest', 'place', 'apart', 'due', 'sizes');
  }

  /** audit.lua before it has named the others */
  get audit(): string[] {
    return this.sweep;
  }

  /** pack.lua before it has named the others */
  get pack(): string[] {
    return this.all('never', 'feed', 'place', 'sizes', 'due', 'failing');
  }

  /** pause.lua */
  get pause(): string[] {
    return this.all('never', 'feed');
  }

  private all(...names: string[]): string[] {
    return names.map((name) => this.base + name);
  }

  private of(tickets: readonly CaseId[], ...kinds: string[]): string[] {
    return [...new Set(tickets)].flatMap((ticket) => kinds.map((kind) => `${this.base}${kind}:${ticket}`));
  }
}
