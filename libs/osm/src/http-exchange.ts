import type { Dispatcher } from 'undici';
import { UpstreamFailure, type UpstreamFailureCode } from '#core';

/** A complete answer. Header names are lower case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Network failures with another code than `unavailable`, by undici's error codes. */
const NETWORK_FAILURES: Readonly<Record<string, UpstreamFailureCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'malformed',
  UND_ERR_INVALID_ARG: 'rejected',
};

/** undici's text if a proxy refused to connect, for example because it requires other credentials (407). */
const FROM_A_PROXY = /^Proxy (?:response|Authentication Required) \((\d{3})\)/;

/**
 * A request with less than this share of its time left is not sent: it would cost a turn of the quota and then time
 * out.
 */
const LEAST_LEFT = 0.05;

/** One request in flight. It settles once. An early end also ends its connection. */
export class HttpExchange implements Dispatcher.DispatchHandler {
  private readonly timer: NodeJS.Timeout;
  private readonly endsAt: number;
  private readonly chunks: Buffer[] = [];
  private controller: Dispatcher.DispatchController | null = null;
  private failure: UpstreamFailure | null = null;
  private size = 0;
  private status = 0;
  private headers: HttpAnswer['headers'] = {};

  constructor(
    private readonly maxBodyBytes: number,
    private readonly timeoutMs: number,
    private readonly resolve: (answer: HttpAnswer) => void,
    private readonly reject: (failure: UpstreamFailure) => void,
    /** Called when the request has a connection and leaves. */
    private readonly onSent: () => void,
  ) {
    this.endsAt = performance.now() + timeoutMs;
    // Node keeps timers of one duration in one list: setting and clearing one takes well under a microsecond.
    this.timer = setTimeout(() => this.late(), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.failure) {
      controller.abort(this.failure); // The request waited for a connection for too long.
    } else if (performance.now() >= this.endsAt - this.timeoutMs * LEAST_LEFT) {
      // The same, or the process stood still and the timer has not run yet. Another worker may poll the set by now.
      this.late();
    } else {
      this.onSent();
    }
  }

  /** Called once more for each informational answer (1xx) before the real one. */
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpAnswer['headers']): void {
    this.status = status;
    this.headers = headers;
    this.bound(Number(headers['content-length'] ?? 0));
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    this.bound(this.size);
  }

  onResponseEnd(): void {
    clearTimeout(this.timer);
    const [first] = this.chunks;
    const body = this.chunks.length === 1 && first ? first : Buffer.concat(this.chunks, this.size);
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  onResponseError(_: unknown, error: Error & { readonly code?: string }): void {
    const [, proxyStatus] = FROM_A_PROXY.exec(error.message) ?? [];
    if (proxyStatus !== undefined) {
      this.fail('unavailable', `the proxy answered ${proxyStatus}`);
      return;
    }
    const kind = error.code ?? error.name;
    const garbled = error.name === 'HTTPParserError';
    this.fail(garbled ? 'malformed' : (NETWORK_FAILURES[kind] ?? 'unavailable'), `${kind} from the network`);
  }

  private late(): void {
    this.fail('timeout', `no answer within ${this.timeoutMs} ms`);
  }

  private bound(bytes: number): void {
    if (bytes > this.maxBodyBytes) {
      this.fail('malformed', `the answer has more than ${this.maxBodyBytes} bytes`);
    }
  }

  private fail(code: UpstreamFailureCode, message: string): void {
    if (this.failure === null) {
      clearTimeout(this.timer);
      this.failure = new UpstreamFailure(code, message);
      this.controller?.abort(this.failure);
      this.reject(this.failure);
    }
  }
}
