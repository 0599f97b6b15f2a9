import type { GatewayEvent } from './events.js';
import { closing, type ToLeader, type ToTab } from './tab-messages.js';
import type { Link, OpenTransport, TransportListener, TransportRequest } from './transport.js';

/** The leader is told of events that were taken in groups of this many. */
const TAKEN_AT_ONCE = 64;
/** Pings without an answer after which the leader counts as hung. */
const UNANSWERED_MOST = 3;

type WithoutName<M> = M extends ToLeader ? Omit<M, 'tab' | 'link'> : never;
type Said = WithoutName<ToLeader>;

/** What a link of a tab is made of. */
export interface TabLinkParts {
  readonly tab: string;
  readonly link: number;
  readonly request: TransportRequest;
  readonly listener: TransportListener;
  readonly post: (message: ToLeader) => void;
  /** A connection of the tab itself, for what the leader does not hold. */
  readonly direct: OpenTransport;
}

/**
 * A stream that comes from the tab that leads. It knows up to where it has come, so that it goes on at another leader, and the
 * page does not see the change.
 */
export class TabLink implements Link {
  private position: string | null;
  private isReady = false;
  private isOver = false;
  private untold = 0;
  private unanswered = 0;
  private ofItsOwn: Link | null = null;

  constructor(private readonly parts: TabLinkParts) {
    this.position = parts.request.position;
  }

  /** Also when another tab has begun to lead. */
  open(): void {
    if (this.isOver || this.ofItsOwn) return;
    const { caseIds } = this.parts.request;
    this.say({ type: 'open', request: { caseIds, position: this.position } });
  }

  ping(): void {
    if (this.isOver || this.ofItsOwn) return;
    this.unanswered += 1;
    if (this.unanswered <= UNANSWERED_MOST) return this.say({ type: 'ping' });
    this.close();
    this.parts.listener.ended('the tab with the connection does not answer');
  }

  take(message: ToTab): void {
    if (this.isOver || this.ofItsOwn) return;
    const { listener } = this.parts;
    this.unanswered = 0;
    switch (message.type) {
      case 'alive':
        return listener.alive(message.reason);
      case 'refused':
        return listener.refused(message.refusal);
      case 'not-held':
        return this.goAlone();
      case 'event':
        this.move(message.event);
        listener.event(message.event);
        void this.taken();
    }
  }

  /** Ends the link as if a gateway had closed it: the tab opens the next one. */
  end(reason: string): void {
    if (!this.isOver) this.parts.listener.event(closing(reason));
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ofItsOwn?.close();
    this.say({ type: 'close' });
  }

  /** A replay without a position is in the order of ids within each ticket only, as far as a link knows. */
  private move(event: GatewayEvent): void {
    if (event.name === 'ready') {
      this.isReady = true;
      this.position = event.data.last_event_id;
    } else if (event.name === 'gap' && event.data.reason === 'unknown_position') {
      this.position = null;
    } else if ((event.name === 'message' || event.name === 'status') && (this.isReady || this.position !== null)) {
      this.position = event.data.id;
    }
  }

  private async taken(): Promise<void> {
    this.untold += 1;
    if (this.untold < TAKEN_AT_ONCE) return;
    const count = this.untold;
    this.untold = 0;
    await this.parts.listener.room();
    if (!this.isOver) this.say({ type: 'taken', count });
  }

  /** Gets what is missing from the gateway. Then the leader holds everything that comes after it. */
  private goAlone(): void {
    const { listener, request, direct } = this.parts;
    this.ofItsOwn = direct(
      { ...request, position: this.position },
      {
        ...{ alive: () => listener.alive(), refused: (refusal) => listener.refused(refusal) },
        ...{ ended: (message) => listener.ended(message), room: () => listener.room() },
        event: (event) => {
          listener.event(event);
          if (event.name === 'ready') this.end('tabs');
        },
      },
    );
  }

  private say(message: Said): void {
    const { tab, link, post } = this.parts;
    post({ ...message, tab, link });
  }
}
