import { get } from 'node:http';
import type { FilledStore } from './filled-store.js';

/** Their ticket. */
export const LIVE = 'LIVE';
const PUBLISH_EVERY_MS = 20;
const MARK = /"content":"at ([0-9.]+)"/g;

/** Clients of one ticket on which messages are published all the time: how late are they? */
export class LiveClients {
  private delays: number[] = [];
  private timer: NodeJS.Timeout | undefined;
  private publishing: Promise<void> = Promise.resolve();
  private readonly sent: { destroy(): void }[] = [];

  /** @param token gives the token of each client; absent: the gateway checks none */
  static async open(
    port: number,
    count: number,
    store: FilledStore,
    token?: (client: number) => Promise<string>,
  ): Promise<LiveClients> {
    const clients = new LiveClients();
    await store.fill([LIVE], 1);
    for (let index = 0; index < count; index += 1) {
      await clients.connect(port, token ? { authorization: `Bearer ${await token(index)}` } : {});
    }
    clients.timer = setInterval(() => {
      // One commit after the other: a commit that waits for Redis delays its message, and that counts.
      const text = `at ${performance.now()}`;
      clients.publishing = clients.publishing.then(() => store.publish([LIVE], text)).catch(() => undefined);
    }, PUBLISH_EVERY_MS);
    return clients;
  }

  /** One client of these tickets, which reads and measures nothing. Resolves when it is live. */
  static follow(port: number, tickets: readonly string[]): Promise<{ destroy(): void }> {
    return new Promise((resolve, reject) => {
      const path = `/v1/events?case_ids=${tickets.join(',')}&history=0`;
      const sent = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
        response.once('data', () => resolve(sent)).resume();
      });
      sent.on('error', reject);
    });
  }

  /** Delays since the last call, ms, sorted. */
  take(): number[] {
    const delays = this.delays.sort((a, b) => a - b);
    this.delays = [];
    return delays;
  }

  /** Resolves when nothing is published any more. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.sent.forEach((one) => one.destroy());
    await this.publishing;
  }

  private connect(port: number, headers: Readonly<Record<string, string>>): Promise<void> {
    return new Promise((resolve, reject) => {
      const path = `/v1/events?case_ids=${LIVE}&history=0`;
      const sent = get({ host: '127.0.0.1', port, path, agent: false, headers }, (response) => {
        response.on('data', (chunk: Buffer) => {
          const text = chunk.toString('latin1');
          if (text.includes('event: ready')) resolve();
          for (const [, at = ''] of text.matchAll(MARK)) this.delays.push(performance.now() - Number(at));
        });
      });
      sent.on('error', reject);
      this.sent.push(sent);
    });
  }
}
