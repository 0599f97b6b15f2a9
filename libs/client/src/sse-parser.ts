/** Parses an event stream by the rules of WHATWG HTML, 9.2.6. A piece may end anywhere, also between CR and LF. */
export class SseParser {
  private rest = '';
  private endedWithCr = false;
  private name = '';
  private data: string[] = [];

  /** @param onEvent gets the name and the data of each event that has data */
  constructor(private readonly onEvent: (name: string, data: string) => void) {}

  push(piece: string): void {
    if (piece === '') return;
    const text = this.endedWithCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.endedWithCr = piece.endsWith('\r');
    const lines = (this.rest + text).split(/\r\n|\n|\r/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.onEvent(this.name || 'message', this.data.join('\n'));
      this.name = '';
      this.data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.name = value;
    else if (field === 'data') this.data.push(value);
  }
}
