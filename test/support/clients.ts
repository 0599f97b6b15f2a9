import type { Client, ClientOptions } from './client.js';
import { SocketClient } from './socket-client.js';
import { SseClient } from './sse-client.js';

const TRANSPORTS = ['sse', 'websocket', 'sse', 'polling'] as const;

/** A client of one transport. */
export function clientOf(transport: Client['transport'], options: ClientOptions): SseClient | SocketClient {
  return transport === 'sse' ? new SseClient(options) : new SocketClient(options, transport);
}

/**
 * So many clients over all transports, half of them SSE, each with some of the tickets: neighbours overlap, and no
 * two have the same.
 */
export function overlappingClients(
  count: number,
  caseIds: readonly string[],
  options: Omit<ClientOptions, 'caseIds'>,
): (SseClient | SocketClient)[] {
  const share = Math.ceil(caseIds.length / 2);
  return Array.from({ length: count }, (_, number) => {
    const wanted = Array.from({ length: share }, (_each, step) => caseIds[(number + step) % caseIds.length] ?? '');
    return clientOf(TRANSPORTS[number % TRANSPORTS.length] ?? 'sse', { ...options, caseIds: [...new Set(wanted)] });
  });
}
