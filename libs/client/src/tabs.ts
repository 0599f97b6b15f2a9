import { TabGroup, type TabGroupParts } from './tab-group.js';
import { tabKey } from './tab-key.js';
import type { Link, TransportListener, TransportRequest } from './transport.js';

/** The connection that the tabs of one user share, as a transport. */
export class Tabs {
  private group: TabGroup | null = null;
  private readonly closed = new AbortController();

  /** @param user names the user where no token does */
  constructor(
    private readonly user: string | null,
    private readonly parts: TabGroupParts,
  ) {
    // A page that holds locks is not kept for the way back, and a frozen one cannot lead. It joins again when it is back.
    const leave = () => this.leave('away');
    const { signal } = this.closed;
    addEventListener('pagehide', leave, { signal });
    document.addEventListener('freeze', leave, { signal });
  }

  async open(request: TransportRequest, listener: TransportListener): Promise<Link> {
    const { url, groupId, language, history, token } = request;
    const key = await tabKey([url, groupId, language, history], token, this.user);
    if (this.closed.signal.aborted) return { close: () => undefined };
    if (this.group?.key !== key) {
      // Another user has signed in.
      this.leave('tabs');
      this.group = new TabGroup(key, this.parts);
    }
    const { group } = this;
    if (group) await group.joined;
    return group?.open(request, listener) ?? { close: () => undefined };
  }

  close(): void {
    this.closed.abort();
    this.leave('closed');
  }

  private leave(reason: string): void {
    const { group } = this;
    this.group = null;
    group?.leave(reason);
  }
}
