import type { Recording } from './recording.js';
import type { Ready } from './wire.js';

export interface ClientOptions {
  /** Null for a client without a token. */
  readonly token: string | null;
  readonly caseIds: readonly string[];
  readonly groupId?: string;
  readonly language?: string;
  readonly history?: number;
  readonly snapshot?: 1;
  readonly unread?: 1;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A subscriber over any transport. */
export interface Client {
  readonly transport: 'sse' | 'websocket' | 'polling';
  readonly options: ClientOptions;
  readonly recording: Recording;
  /** Connects and subscribes from the last recorded position. Resolves when the subscription is complete. */
  open(gateway: string): Promise<Ready>;
  /** Ends the connection as a broken network does. */
  cut(): void;
  close(): void;
}
