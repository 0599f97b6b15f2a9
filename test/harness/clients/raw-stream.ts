import { request, type ClientRequest, type IncomingHttpHeaders } from 'node:http';

import { until } from '../until.js';

/** Longest wait for a text unless a caller says otherwise, ms. */
const WAIT_MS = 20_000;

/** An event stream as the received text, without any parser. */
export class RawStream {
  text = '';
  ended = false;

  private constructor(
    private readonly outgoing: ClientRequest,
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
  ) {}

  /** Sends a GET request, or a POST request where there is a body. Resolves with an answer of any status. */
  static open(url: string, headers: Readonly<Record<string, string>>, body?: string): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = request(url, { method, headers, agent: false }, (response) => {
        const stream = new RawStream(outgoing, response.statusCode ?? 0, response.headers);
        response.setEncoding('utf8').on('data', (text: string) => (stream.text += text));
        response.on('error', () => undefined);
        response.on('close', () => (stream.ended = true));
        resolve(stream);
      });
      outgoing.on('error', reject).end(body);
    });
  }

  /** Resolves once the text matches. @throws Error if it does not match in time */
  async untilText(pattern: RegExp, timeoutMs = WAIT_MS): Promise<void> {
    await until(
      () => pattern.test(this.text),
      timeoutMs,
      () => `${pattern} in:\n${this.text}`,
    );
  }

  close(): void {
    this.outgoing.destroy();
  }
}
