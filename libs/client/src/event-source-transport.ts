import type { EventData, GatewayEvent } from './events.js';
import { originHint, queryOf } from './fetch-transport.js';
import { parameters, type Link, type TransportListener, type TransportRequest } from './transport.js';

const NAMES = [
  'message',
  'status',
  'unread',
  'gap',
  'upstream',
  'revoked',
  'backfilled',
  'closing',
  'ready',
  'heartbeat',
] as const;

/** SSE by `EventSource`, where streams of `fetch` are missing. It cannot see a refusal, so each one looks like the network. */
export function openEventSource(request: TransportRequest, listener: TransportListener): Link {
  const { url, token } = request;
  const query = queryOf({ ...parameters(request), heartbeat: 'event', ...(token !== null && { access_token: token }) });
  const source = new EventSource(`${url}/v1/events?${query}`, { withCredentials: token === null });
  for (const name of NAMES) {
    source.addEventListener(name, (event) => {
      const data = JSON.parse((event as MessageEvent<string>).data) as EventData[typeof name];
      listener.event({ name, data } as GatewayEvent);
    });
  }
  // It would connect again by itself, with its own idea of the position.
  source.onerror = () => {
    source.close();
    listener.ended(`the stream was refused or cut${originHint(url)}`);
  };
  return { close: () => source.close() };
}
