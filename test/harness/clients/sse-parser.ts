import { StringDecoder } from 'node:string_decoder';

export interface SseListener {
  /** @param id the last event id at this event; an earlier event may have set it */
  event(name: string, data: string, id: string): void;
  /** Called for an id without an event, too: it moves the position. */
  position(id: string): void;
  comment(text: string): void;
  retry(ms: number): void;
}

/**
 * Parses an event stream by the rules of WHATWG (html.spec.whatwg.org, 9.2.6). Chunks may end anywhere: within a
 * character, within a line, between CR and LF.
 */
export class SseParser {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private started = false;
  private endedWithCr = false;
  private name = '';
  private data = '';

  /** @param id the last event id that the client already has */
  constructor(
    private readonly listener: SseListener,
    private id = '',
  ) {}

  push(chunk: Buffer): void {
    let text = this.decoder.write(chunk);
    if (text === '') return;
    if (!this.started) {
      this.started = true;
      text = text.replace(/^\uFEFF/, '');
    }
    // The LF of a CR LF whose CR was the end of the chunk before.
    if (this.endedWithCr && text.startsWith('\n')) text = text.slice(1);
    this.endedWithCr = text === '' ? false : text.endsWith('\r');
    const lines = `${this.rest}${text}`.split(/\r\n|\n|\r/);
    this.rest = lines.pop() ?? '';
    lines.forEach((line) => this.line(line));
  }

  private line(line: string): void {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return this.listener.comment(line.slice(1));
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data += `${value}\n`;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.listener.retry(Number(value));
  }

  private dispatch(): void {
    const { name, data } = this;
    this.name = '';
    this.data = '';
    this.listener.position(this.id);
    if (data !== '') this.listener.event(name || 'message', data.slice(0, -1), this.id);
  }
}
