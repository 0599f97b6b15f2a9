import type { IncomingMessage } from 'node:http';
import { until } from '../../../test/harness/until.js';

export interface ReceivedEvent {
  readonly event: string;
  readonly id?: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON: a wrong guess fails its test
  readonly data: any;
}

/** A minimal SSE client: the events of one response. */
export class SseStream {
  readonly events: ReceivedEvent[] = [];
  text = '';
  ended = false;
  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (part: string) => {
      this.text += part;
      const blocks = this.text.split('\n\n').slice(0, -1);
      this.events.length = 0;
      for (const block of blocks.filter((each) => each.includes('data: '))) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        this.events.push({ event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? '') });
      }
    });
    response.on('close', () => (this.ended = true)).on('error', () => undefined);
  }
  contents = () => this.events.filter(({ event }) => event === 'message').map(({ data }) => data.message.content);
  has = (event: string) => this.events.some((each) => each.event === event);

  async whole(): Promise<this> {
    await until(() => this.ended);
    return this;
  }
}
