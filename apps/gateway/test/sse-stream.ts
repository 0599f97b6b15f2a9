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
  /** Characters of the text whose events have been read. */
  private read = 0;

  constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (part: string) => {
      this.text += part;
      for (let end = this.blockEnd(); end >= 0; end = this.blockEnd()) {
        const block = this.text.slice(this.read, end);
        this.read = end + 2;
        if (block.includes('data: ')) this.take(block);
      }
    });
    response.on('close', () => (this.ended = true)).on('error', () => undefined);
  }
  contents = () => this.events.filter(({ event }) => event === 'message').map(({ data }) => data.message.content);
  has = (event: string) => this.events.some((each) => each.event === event);

  private blockEnd = () => this.text.indexOf('\n\n', this.read);

  private take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    this.events.push({ event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? '') });
  }

  async whole(): Promise<this> {
    await until(() => this.ended);
    return this;
  }
}
