import { request, type IncomingHttpHeaders } from 'node:http';
import { observer } from './observer.js';

export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface ExchangeOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;

/**
 * Makes one HTTP request on a new connection, because a pooled connection may lead to a server that a test has killed.
 * Resolves with an answer of any status.
 */
export function exchange(url: string, options: ExchangeOptions = {}): Promise<Exchange> {
  const { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: fields } = response;
        observer.answer({ method, url, status, header: (name) => fields[name]?.toString(), text });
        resolve({ status, headers: fields, text });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from ${url} within ${timeoutMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
