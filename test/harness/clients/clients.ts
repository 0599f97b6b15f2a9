import type { Client, ClientOptions } from './client.js';
import { SocketClient } from './socket-client.js';
import { SseClient } from './sse-client.js';

const TRANSPORTS = ['sse', 'websocket', 'sse', 'polling'] as const;

/** A client of one transport. */
export function clientOf(transport: Client['transport'], options: ClientOptions): SseClient | SocketClient {
  return transport === 'sse' ? new SseClient(options) : new SocketClient(options, transport);
}

/**
 * Clients over all transports, half of them over SSE. Each has half of the tickets. Neighbours share tickets, and together
 * they have all tickets.
 */
export function overlappingClients(
  count: number,
  caseIds: readonly string[],
  options: Omit<ClientOptions, 'caseIds'>,
): (SseClient | SocketClient)[] {
  const share = Math.ceil(caseIds.length / 2);
  return Array.from({ length: count }, (_, number) => {
    const first = Math.floor((number * caseIds.length) / count);
    const wanted = Array.from({ length: share }, (_each, step) => caseIds[(first + step) % caseIds.length] ?? '');
    return clientOf(TRANSPORTS[number % TRANSPORTS.length] ?? 'sse', { ...options, caseIds: wanted });
  });
}
