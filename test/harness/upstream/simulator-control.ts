import { exchange } from '../clients/exchange.js';

/** One posting. The README of the simulator has the other fields. */
export interface Posting {
  readonly case_id: string;
  readonly group_id?: string;
  /** With `count`, `{n}` stands for 1, 2, 3 … */
  readonly content: string;
  readonly count?: number;
  /** The message's own time. */
  readonly time_ms?: number;
  readonly is_first_message?: 0 | 1;
  /** Time from now until it is visible. */
  readonly visible_in_ms?: number;
  /** The text of a JSON object whose members are added as they are written. */
  readonly extra?: string;
}

/** A posted message and the time from which it is visible. */
export interface Posted {
  readonly seq: number;
  readonly case_id: string;
  readonly group_id?: string;
  readonly content: string;
  readonly time_ms: number;
  readonly visible_at: number;
}

export type Span = number | readonly [lowest: number, highest: number];

export interface Quirks {
  readonly cursor_form: 'string' | 'number' | 'number19' | 'opaque';
  readonly cursor_basis: 'server_time' | 'newest_message';
  readonly cursor_bound: 'exclusive' | 'inclusive';
  readonly time_form: 'documented' | 'iso' | 'iso_offset' | 'iso_utc';
  readonly message_form: 'documented' | 'next_release' | 'alternating';
  readonly null_fields: boolean;
  readonly extra_fields: boolean;
  readonly order: 'oldest_first' | 'newest_first' | 'shuffled';
  readonly latency_ms: Span;
  readonly visibility_delay_ms: Span;
  readonly token_lifetime_s: number;
}

export interface Counters {
  readonly requests: number;
  readonly by_status: Readonly<Record<string, number>>;
  /** Requests for a ticket while another request for it was in flight. */
  readonly overlaps: number;
  readonly in_flight: number;
  readonly max_in_flight: number;
  readonly distinct_sets: number;
  readonly logins: number;
  /** Requests for older messages. */
  readonly more: number;
  /** Requests for unread counts, and to mark messages as read. */
  readonly unread: number;
}

/** One request to the upstream. `at` is the time of its arrival, ms since 1970. */
export interface LoggedRequest {
  readonly at: number;
  readonly case_ids: readonly string[];
  readonly cursor: string | null;
  readonly user_agent: string | null;
  readonly traceparent: string | null;
  readonly status: number | 'none' | null;
  readonly duration_ms: number | null;
}

export interface Fault {
  readonly kind: string;
  readonly times?: number;
  readonly after?: number;
  readonly case_ids?: readonly string[];
  readonly [detail: string]: unknown;
}

/** The control interface of the simulator. */
export class SimulatorControl {
  constructor(readonly url: string) {}

  /** Posts all of them at the same time. */
  async post(...postings: readonly Posting[]): Promise<void> {
    await this.call('POST', 'messages', postings);
  }

  setStatus(caseId: string, status: 0 | 1): Promise<void> {
    return this.call('POST', 'status', { case_id: caseId, status });
  }

  /** All postings to these tickets, in the order in which they become visible. */
  async ledger(caseIds: readonly string[]): Promise<readonly Posted[]> {
    const { messages } = await this.call<{ messages: readonly Posted[] }>('GET', 'ledger');
    return messages.filter((message) => caseIds.includes(message.case_id));
  }

  /** Members that are not named keep their value. */
  async change(quirks: Partial<Quirks>): Promise<void> {
    await this.call('PUT', 'quirks', quirks);
  }

  /** Restores the state of the start: no messages, no faults, all counters 0. */
  reset(): Promise<void> {
    return this.call('POST', 'reset');
  }

  /** Replaces the tokens that may read some tickets only. */
  async limitTokens(tickets: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.call('PUT', 'tokens', tickets);
  }

  counters(): Promise<Counters> {
    return this.call('GET', 'counters');
  }

  resetCounters(): Promise<void> {
    return this.call('POST', 'counters/reset');
  }

  /** The last thousand requests, oldest first. */
  async requests(): Promise<readonly LoggedRequest[]> {
    return (await this.call<{ requests: readonly LoggedRequest[] }>('GET', 'requests?limit=1000')).requests;
  }

  /** @returns the id by which {@link clearFault} ends it */
  async inject(fault: Fault): Promise<number> {
    return (await this.call<{ id: number }>('POST', 'faults', fault)).id;
  }

  /** @throws Error if it was cleared before, or has ended */
  clearFault(id: number): Promise<void> {
    return this.call('DELETE', `faults/${id}`);
  }

  clearFaults(): Promise<void> {
    return this.call('DELETE', 'faults');
  }

  private async call<T = void>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await exchange(`${this.url}/control/${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (status >= 300) throw new Error(`the simulator answered ${method} /control/${path} with ${status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
