import type { Client, ConnectOptions } from './client-api.js';
import { TabGroup, type TabGroupParts } from './tab-group.js';
import { tabKey } from './tab-key.js';
import type { Link, TransportListener, TransportRequest } from './transport.js';

type How = Pick<TransportRequest, 'url' | 'groupId' | 'language' | 'history' | 'unread'>;
type GetToken = Exclude<ConnectOptions['token'], string | undefined>;

export interface TabsParts extends Omit<TabGroupParts, 'connect'> {
  readonly token: ConnectOptions['token'];
  /** Makes a client with a connection of its own, with these options in place of the page's. */
  readonly connect: (other: Partial<ConnectOptions>) => Client;
}

/** The connection that the tabs of one user share, as a transport. */
export class Tabs {
  private group: TabGroup | null = null;
  private readonly closed = new AbortController();

  /** @param user names the user where no token does */
  constructor(
    private readonly user: string | null,
    private readonly parts: TabsParts,
  ) {
    // A page that holds locks is not kept for the way back, and a frozen one cannot lead. It joins again when it is back.
    const leave = () => this.leave('away');
    const { signal } = this.closed;
    addEventListener('pagehide', leave, { signal });
    document.addEventListener('freeze', leave, { signal });
  }

  async open(request: TransportRequest, listener: TransportListener): Promise<Link> {
    const key = await this.keyOf(request, request.token);
    if (this.closed.signal.aborted) return { close: () => undefined };
    if (this.group?.key !== key) {
      // Another user has signed in.
      this.leave('tabs');
      this.group = new TabGroup(key, {
        ...this.parts,
        connect: (store) => this.parts.connect({ store, tabs: false, token: this.tokenOf(key, request) }),
      });
    }
    const { group } = this;
    if (group) await group.joined;
    return group?.open(request, listener) ?? { close: () => undefined };
  }

  close(): void {
    this.closed.abort();
    this.leave('closed');
  }

  /** Where the tab leads, the others trust that its connection is of their user, also after its token was renewed. */
  private tokenOf(key: string, how: How): ConnectOptions['token'] {
    const { token } = this.parts;
    if (typeof token !== 'function') return token;
    const ofThisUser: GetToken = async (wanted) => {
      const given = await token(wanted);
      if ((await this.keyOf(how, given)) === key) return given;
      if (this.group?.key === key) this.leave('tabs');
      throw new Error('another user has signed in');
    };
    return ofThisUser;
  }

  private keyOf({ url, groupId, language, history, unread }: How, token: string | null): Promise<string> {
    return tabKey([url, groupId, language, history, unread], token, this.user);
  }

  private leave(reason: string): void {
    const { group } = this;
    this.group = null;
    group?.leave(reason);
  }
}
