import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from '../harness/clients/clients.js';
import type { ClientOptions } from '../harness/clients/client.js';
import type { Recording } from '../harness/clients/recording.js';
import { SseClient } from '../harness/clients/sse-client.js';
import { until } from '../harness/until.js';

/** Longest time until a subscription is complete, ms. After that the client connects again. */
const COMPLETE_MS = 8000;
/** Time between two checks of the connection, ms. */
const LOOK_MS = 50;
/** Time before the next attempt, ms, unless the gateway has given `retry_ms`. */
const RETRY_MS = [100, 600] as const;

/** A client as PROTOCOL.md describes it: it always reconnects, to any gateway, with its last position. */
export class ResumingClient {
  private readonly client;
  private leaving = false;
  private living: Promise<void> = Promise.resolve();
  /** The number of its connections so far. */
  connections = 0;

  constructor(
    transport: 'sse' | 'websocket' | 'polling',
    options: ClientOptions,
    private readonly gateways: readonly string[],
  ) {
    this.client = clientOf(transport, options);
  }

  get recording(): Recording {
    return this.client.recording;
  }

  get caseIds(): readonly string[] {
    return this.client.options.caseIds;
  }

  get name(): string {
    return `${this.client.transport} client of ${this.caseIds[0]}`;
  }

  get options(): ClientOptions {
    return this.client.options;
  }

  /** Connects and keeps reconnecting. Resolves after the first connection. @throws Error if that takes longer */
  async start(withinMs = 30_000): Promise<void> {
    this.living = this.live();
    await until(() => this.connections > 0, withinMs, `${this.name} to connect`);
  }

  cut(): void {
    this.client.cut();
  }

  /** Stops reading. */
  pause(): void {
    this.client.pause();
  }

  resume(): void {
    this.client.resume();
  }

  async stop(): Promise<void> {
    this.leaving = true;
    this.client.close();
    await this.living;
  }

  private async live(): Promise<void> {
    for (let turn = Math.floor(Math.random() * this.gateways.length); !this.leaving; turn += 1) {
      const told = this.recording.of('closing').length;
      try {
        await this.connect(this.gateways[turn % this.gateways.length] ?? '');
        this.connections += 1;
        while (this.client.ended === null && !this.leaving) await sleep(LOOK_MS);
      } catch {
        // It was refused, or nobody listens. It tries again.
      }
      this.client.close();
      const { retry_ms } = this.recording.of('closing').slice(told).at(-1)?.data ?? {};
      await sleep(retry_ms ?? RETRY_MS[0] + Math.random() * (RETRY_MS[1] - RETRY_MS[0]));
    }
  }

  private async connect(gateway: string): Promise<void> {
    const { client } = this;
    if (!(client instanceof SseClient)) {
      await client.open(gateway);
      return;
    }
    const before = this.recording.of('ready').length;
    await client.begin(gateway);
    await until(
      () => this.recording.of('ready').length > before || client.ended !== null,
      COMPLETE_MS,
      'the subscription to be complete',
    );
  }
}
