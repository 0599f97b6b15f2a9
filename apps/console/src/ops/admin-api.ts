import { createParser } from 'eventsource-parser';
import type { CaseReport, Overview } from './overview.js';

/** How the stream of the overview is. */
export type StreamState = 'connecting' | 'live' | 'unavailable' | 'refused' | 'closed-here' | 'lost';

/** Pause before the stream is opened again, ms. */
const RETRY_MS = 2000;

/** What operators see and do (OPERATIONS.md, Operators), with their secret in a header. */
export class AdminApi {
  constructor(private readonly secret: string) {}

  /** Tells overviews as they come, through cuts, until the signal or a refusal. */
  async watch(tell: (state: StreamState, overview?: Overview) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const refused = await this.stream(tell, signal);
        if (refused) return;
      } catch {
        // The gateway is gone, or the network.
      }
      if (signal.aborted) return;
      tell('lost');
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  report(caseId: string): Promise<CaseReport> {
    return this.send('GET', `cases/${encodeURIComponent(caseId)}`) as Promise<CaseReport>;
  }

  poll(caseId: string): Promise<unknown> {
    return this.send('POST', `cases/${encodeURIComponent(caseId)}/poll`);
  }

  release(caseId: string): Promise<unknown> {
    return this.send('POST', `cases/${encodeURIComponent(caseId)}/release`);
  }

  pause(feed: string, isPaused: boolean): Promise<unknown> {
    return this.send('POST', `feeds/${encodeURIComponent(feed)}/${isPaused ? 'pause' : 'resume'}`);
  }

  /** @returns whether it was refused for good */
  private async stream(tell: (state: StreamState, overview?: Overview) => void, signal: AbortSignal): Promise<boolean> {
    const answer = await fetch('/admin/stream', { headers: this.headers(), signal, cache: 'no-store' });
    if (answer.status === 401 || answer.status === 403) return (tell('refused'), true);
    if (answer.status === 404) return (tell('closed-here'), true);
    if (!answer.ok || !answer.body) return false;
    const parser = createParser({
      onEvent: ({ event, data }) =>
        event === 'overview' ? tell('live', JSON.parse(data) as Overview) : tell('unavailable'),
    });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      parser.feed(value);
    }
  }

  /** @throws {Error} with what the gateway says */
  private async send(method: string, path: string): Promise<unknown> {
    const answer = await fetch(`/admin/${path}`, { method, headers: this.headers() });
    const body = (await answer.json().catch(() => ({}))) as { detail?: string };
    if (!answer.ok) throw new Error(body.detail ?? `the answer was ${answer.status}`);
    return body;
  }

  private headers(): Record<string, string> {
    return { authorization: `Bearer ${this.secret}`, 'x-admin-caller': 'console' };
  }
}
