import type { Client } from './client-api.js';
import { newId } from './new-id.js';
import type { PositionStore } from './store.js';
import { TabLeader } from './tab-leader.js';
import { TabLink } from './tab-link.js';
import type { NewLeader, ToLeader, ToTab } from './tab-messages.js';
import type { Link, OpenTransport, TransportListener, TransportRequest } from './transport.js';

export interface TabGroupParts {
  readonly history: number;
  /** How often the leader is asked whether it is there, ms. */
  readonly pingMs: number;
  /** A client with a connection of its own, for the tab that leads. */
  readonly connect: (store: PositionStore) => Client;
  readonly direct: OpenTransport;
}

/** This tab among those that share a connection. The one that holds a lock leads; the browser gives it to the next one. */
export class TabGroup {
  private readonly tab = newId();
  private readonly links = new Map<number, TabLink>();
  private readonly left = new AbortController();
  private readonly all: BroadcastChannel;
  private readonly own: BroadcastChannel;
  private opened = 0;
  /** Resolves when the tab can open links, and rejects if it leaves before. */
  readonly joined: Promise<void>;

  constructor(
    readonly key: string,
    private readonly parts: TabGroupParts,
  ) {
    this.all = new BroadcastChannel(key);
    this.own = new BroadcastChannel(`${key}/${this.tab}`);
    this.all.onmessage = ({ data }: MessageEvent<ToLeader | NewLeader>) => {
      if (data.type === 'leader') this.links.forEach((link) => link.open());
    };
    this.own.onmessage = ({ data }: MessageEvent<ToTab>) => this.links.get(data.link)?.take(data);
    const timer = setInterval(() => this.links.forEach((link) => link.ping()), parts.pingMs);
    this.left.signal.addEventListener('abort', () => clearInterval(timer));
    // The leader sees by this lock whether the tab still exists, so it is held before the leader hears of the tab.
    const { signal } = this.left;
    this.joined = new Promise((resolve, reject) => {
      this.hold(`${key}/${this.tab}`, resolve);
      signal.addEventListener('abort', () => reject(new Error('the tab has left')));
    });
    this.joined.catch(() => undefined);
    this.hold(key, () => new TabLeader(key, parts.history, parts.connect, signal));
  }

  open(request: TransportRequest, listener: TransportListener): Link {
    this.opened += 1;
    const number = this.opened;
    const post = (message: ToLeader) => this.left.signal.aborted || this.all.postMessage(message);
    const { direct } = this.parts;
    const link = new TabLink({ tab: this.tab, link: number, request, listener, post, direct });
    this.links.set(number, link);
    link.open();
    return {
      close: () => {
        this.links.delete(number);
        link.close();
      },
    };
  }

  /** Leaves the group; another tab leads. @param reason is told to links that are open, which are opened again */
  leave(reason: string): void {
    for (const link of [...this.links.values()]) link.end(reason);
    this.left.abort();
    this.all.close();
    this.own.close();
  }

  /** Holds a lock until the tab leaves the group. */
  private hold(name: string, held: () => void): void {
    const { signal } = this.left;
    const whileJoined = () =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
        held();
      });
    navigator.locks.request(name, { signal }, whileJoined).catch(() => undefined); // It has left before.
  }
}
