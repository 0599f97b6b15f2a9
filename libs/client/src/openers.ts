import type { Client, ConnectOptions } from './client-api.js';
import type { Transport } from './events.js';
import { openFetchStream } from './fetch-transport.js';
import { lazyLink } from './lazy-link.js';
import type { ConnectSocket } from './socket-io-transport.js';
import type { Tabs } from './tabs.js';
import type { Link, OpenTransport, TransportListener, TransportRequest } from './transport.js';

/** Longest silence of a connection unless told otherwise, ms. */
export const SILENCE_MS = 45_000;
/** How often the tab with the connection is asked whether it is there, ms. */
const PING_MS = 3000;
const HISTORY = 50;

/** The transports of a client, in the order in which they are tried. */
export function transportsOf(options: ConnectOptions): Transport[] {
  const own = ownTransports(options);
  return sharesTabs(options) ? ['tabs', ...own] : own;
}

function ownTransports({ transport = 'auto', socketIo }: ConnectOptions): Transport[] {
  if (transport !== 'auto') return [transport];
  const streams = typeof ReadableStream === 'function' && typeof fetch === 'function' ? 'sse' : 'event-source';
  return socketIo ? [streams, 'socket.io'] : [streams];
}

/** Without a token nobody knows whether two tabs have the same user. Node has no tabs. */
function sharesTabs({ tabs = true, token }: ConnectOptions): boolean {
  const hasUser = typeof tabs === 'string' || (tabs && token !== undefined);
  const { locks } = globalThis.navigator ?? {};
  const can = typeof document !== 'undefined' && typeof BroadcastChannel === 'function' && globalThis.crypto?.subtle;
  return Boolean(hasUser && locks && can);
}

/** Opens connections. What is not needed by a page is not loaded. */
export class Openers {
  private tabs: Promise<Tabs> | null = null;
  private readonly by: Record<Transport, OpenTransport>;

  /** @param connect makes another client with some other options, for the tab with the connection */
  constructor(
    private readonly options: ConnectOptions,
    private readonly connect: (other: Partial<ConnectOptions>) => Client,
  ) {
    const lazily =
      (open: (request: TransportRequest, listener: TransportListener) => Promise<Link>): OpenTransport =>
      (request, listener) =>
        lazyLink(open(request, listener), listener);
    this.by = {
      sse: openFetchStream,
      'event-source': lazily(async (...wanted) =>
        (await import('./event-source-transport.js')).openEventSource(...wanted),
      ),
      'socket.io': lazily(async (...wanted) => {
        const { openSocketIo } = await import('./socket-io-transport.js');
        return openSocketIo(async () => (await options.socketIo?.()) as ConnectSocket)(...wanted);
      }),
      tabs: lazily(async (...wanted) => (await (this.tabs ??= this.loadTabs())).open(...wanted)),
    };
  }

  open(transport: Transport, request: TransportRequest, listener: TransportListener): Link {
    return this.by[transport](request, listener);
  }

  close(): void {
    this.tabs?.then(
      (tabs) => tabs.close(),
      () => undefined,
    );
  }

  private async loadTabs(): Promise<Tabs> {
    const { Tabs: Shared } = await import('./tabs.js');
    const { tabs, token, history = HISTORY, silenceMs = SILENCE_MS } = this.options;
    const [own = 'sse'] = ownTransports(this.options);
    return new Shared(typeof tabs === 'string' ? tabs : null, {
      ...{ history, pingMs: Math.min(PING_MS, silenceMs / 4), direct: this.by[own] },
      ...{ token, connect: this.connect },
    });
  }
}
