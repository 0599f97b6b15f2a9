import type { Recording } from './recording.js';
import type { Ready } from './wire.js';

export interface ClientOptions {
  /** Null: comes without one. */
  readonly token: string | null;
  readonly caseIds: readonly string[];
  readonly groupId?: string;
  readonly language?: string;
  readonly history?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A subscriber, whatever its transport. */
export interface Client {
  readonly transport: 'sse' | 'websocket' | 'polling';
  readonly options: ClientOptions;
  readonly recording: Recording;
  /** Connects and subscribes, going on from the last position seen; resolves when the subscription is complete. */
  open(gateway: string): Promise<Ready>;
  /** Ends the connection the way a dead network does. */
  cut(): void;
  close(): void;
}
