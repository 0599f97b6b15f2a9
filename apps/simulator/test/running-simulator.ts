import { ManualClock } from '#testing';
import { createLogger } from '../src/logger.js';
import { type Environment, readSettings } from '../src/settings.js';
import { startSimulator } from '../src/simulator.js';
import { type Clock } from '../src/clock.js';

/** Noon, and a quarter of a second: `create_time` has whole seconds only. */
const START = Date.UTC(2026, 0, 15, 12, 0, 0, 250);

/** The clock of the simulator. Its time moves only when a spec says so. */
export class UpstreamClock extends ManualClock implements Clock {
  constructor() {
    super(START);
  }

  exact(): number {
    return this.now();
  }
}

export interface PollOptions {
  readonly cursor?: string;
  readonly group?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PolledMessage {
  readonly content: string;
  readonly create_time: string;
  readonly [field: string]: unknown;
}

/** A parsed answer. `cursor` keeps the digits that JSON.parse would lose. */
export interface PollResult {
  readonly status: number;
  readonly text: string;
  readonly cursor: string;
  /** `case_id: content` of each message, in the order of the answer. */
  readonly contents: string[];
  readonly messages: PolledMessage[];
}

export const PATH = '/v2/servicerequest/cases/instant-messages';

/** A simulator on a free port, with what a spec needs to call it over HTTP. */
export class RunningSimulator {
  private constructor(
    readonly origin: string,
    readonly clock: UpstreamClock,
    readonly close: () => Promise<void>,
  ) {}

  static async start(env: Environment = {}): Promise<RunningSimulator> {
    const clock = new UpstreamClock();
    const settings = { ...readSettings({ HOST: '127.0.0.1', ...env }), port: 0 };
    const simulator = await startSimulator(settings, clock, createLogger('silent'));
    return new RunningSimulator(`http://127.0.0.1:${simulator.port}`, clock, () => simulator.close());
  }

  fetchMessages(caseIds: readonly string[], options: PollOptions = {}): Promise<Response> {
    const query = new URLSearchParams(caseIds.map((id) => ['case_ids', id]));
    if (options.cursor !== undefined) query.set('last_message_time_id', options.cursor);
    if (options.group !== undefined) query.set('group_id', options.group);
    const headers = { 'X-Auth-Token': 'any', ...options.headers };
    return fetch(`${this.origin}${PATH}?${query}`, { headers, redirect: 'manual', signal: options.signal });
  }

  async poll(caseIds: readonly string[], options: PollOptions = {}): Promise<PollResult> {
    const response = await this.fetchMessages(caseIds, options);
    const text = await response.text();
    const body = JSON.parse(text) as {
      immsg?: ({ incident_id: string | null; message_list: (PolledMessage | null)[] | null } | null)[] | null;
    };
    const entries = (body.immsg ?? []).flatMap((entry) =>
      (entry?.message_list ?? []).flatMap((message) => (message ? [{ caseId: entry?.incident_id, message }] : [])),
    );
    return {
      status: response.status,
      text,
      cursor: /"last_message_time_id":"?([^",}]*)/.exec(text)?.[1] ?? '',
      contents: entries.map(({ caseId, message }) => `${caseId}: ${message.content}`),
      messages: entries.map(({ message }) => message),
    };
  }

  /** Calls the control API. @throws Error unless it succeeds */
  async control<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetchControl(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  fetchControl(method: string, path: string, body?: unknown): Promise<Response> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${this.origin}/control/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...json,
    });
  }

  async say(caseId: string, content: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.control('POST', 'messages', { case_id: caseId, content, ...more });
  }
}
