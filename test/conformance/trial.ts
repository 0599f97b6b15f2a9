import { randomBytes } from 'node:crypto';

import type { ClientOptions } from '../harness/clients/client.js';
import { clientOf } from '../harness/clients/clients.js';
import { exchange, type Exchange } from '../harness/clients/exchange.js';
import { type SocketClient } from '../harness/clients/socket-client.js';
import type { SseClient } from '../harness/clients/sse-client.js';
import type { TokenOptions } from '../harness/clients/tokens.js';
import type { Problem, SnapshotEvent } from '../harness/clients/wire.js';
import { CONFIDENTIAL } from '../harness/log-faults.js';
import type { Fault, SimulatorControl } from '../harness/upstream/simulator-control.js';
import type { Target } from './target.js';

/** Long polling is left out: it needs sticky sessions, which a deployment may not have. */
export const TRANSPORTS = ['sse', 'websocket'] as const;
type Transport = (typeof TRANSPORTS)[number];

/** Part of every name, so that no run finds the tickets of an earlier run at the same deployment. */
const RUN = randomBytes(3).toString('hex');
let trials = 0;
/** One of the languages that a gateway serves by default, and not the one that other checks use. */
const FAULTY_LANGUAGE = 'en-us';

/** One run of one check. Its tickets are used by no other run. Its clients and faults end with it. */
export class Trial {
  /** Resolves once no check makes faults in {@link FAULTY_LANGUAGE} any more. */
  private static lastWithFaults: Promise<void> = Promise.resolve();
  private readonly number = (trials += 1);
  private readonly cleanUps: (() => unknown)[] = [];
  private tickets = 0;

  constructor(readonly target: Target) {}

  get url(): string {
    return this.target.gatewayUrl;
  }

  get upstream(): SimulatorControl {
    return this.target.upstream;
  }

  /**
   * A language, and so a feed, that no other check uses meanwhile: a fault of one feed must not reach another check. Any
   * gateway serves only some languages, so checks that make such faults wait for each other.
   */
  async language(): Promise<string> {
    const before = Trial.lastWithFaults;
    Trial.lastWithFaults = new Promise((resolve) => this.cleanUps.push(resolve));
    await before;
    return FAULTY_LANGUAGE;
  }

  /** A group of its own. */
  get group(): string {
    return `group-${RUN}-${this.number}`;
  }

  ticket(): string {
    this.tickets += 1;
    return `check-${RUN}-${this.number}-${this.tickets}`;
  }

  /** A token for everything, unless claims say otherwise. Where tokens are made, each trial is a subject of its own. */
  async token(claims?: TokenOptions): Promise<string> {
    if (this.target.lacks('tokens') !== null) return this.target.token(claims);
    return this.target.token({ sub: `subject-${RUN}-${this.number}`, ...claims });
  }

  /** A client that is not connected yet. It is closed when the trial ends. */
  async client<T extends Transport>(
    transport: T,
    caseIds: readonly string[],
    options: Partial<ClientOptions> = {},
  ): Promise<T extends 'sse' ? SseClient : SocketClient> {
    const client = clientOf(transport, { token: await this.token(), ...options, caseIds });
    return this.closing(client) as T extends 'sse' ? SseClient : SocketClient;
  }

  /** A client that is connected and subscribed. */
  async open<T extends Transport>(transport: T, caseIds: readonly string[], options: Partial<ClientOptions> = {}) {
    const client = await this.client(transport, caseIds, options);
    await client.open(this.url);
    return client;
  }

  /** One connected and subscribed client of each transport. */
  async openEach(caseIds: readonly string[], options: Partial<ClientOptions> = {}) {
    return Promise.all(TRANSPORTS.map((transport) => this.open(transport, caseIds, options)));
  }

  /** A Socket.IO client that is connected and subscribed to nothing. */
  async connect(options: Partial<ClientOptions> = {}): Promise<SocketClient> {
    const client = await this.client('websocket', [], options);
    await client.connect(this.url);
    return client;
  }

  /** Posts one message to a ticket. `{n}` in the text stands for 1, 2, 3 … where a count is given. */
  async post(caseId: string, text: string, count?: number): Promise<void> {
    await this.upstream.post({ case_id: caseId, content: contentOf(text), ...(count !== undefined && { count }) });
  }

  /** A ticket whose history has its status and so many messages: `past 1`, `past 2` and so on. */
  async ticketWithPast(messages: number, options: Partial<ClientOptions> = {}): Promise<string> {
    const caseId = this.ticket();
    const observer = await this.open('sse', [caseId], options);
    await observer.recording.next('status');
    if (messages > 0) {
      await this.post(caseId, 'past {n}', messages);
      await observer.recording.count(messages);
    }
    observer.close();
    return caseId;
  }

  /** Makes a fault at the simulator. It ends with the trial. @returns a function that ends it earlier */
  async inject(fault: Fault): Promise<() => Promise<void>> {
    const id = await this.upstream.inject(fault);
    const end = () => this.upstream.clearFault(id);
    this.cleanUps.push(() => end().catch(() => undefined));
    return end;
  }

  /** A request of the gateway, with a token for everything unless headers say otherwise. */
  async request(path: string, headers?: Readonly<Record<string, string>>, method = 'GET'): Promise<Exchange> {
    return exchange(`${this.url}${path}`, {
      method,
      headers: headers ?? { authorization: `Bearer ${await this.token()}` },
    });
  }

  /** A page of a ticket's history. */
  async page(caseId: string, query = ''): Promise<Page> {
    const { status, text } = await this.request(`/v1/cases/${caseId}/messages?${query}`);
    if (status !== 200) throw new Error(`history of ${caseId}: ${status} ${text}`);
    return JSON.parse(text) as Page;
  }

  /** A ticket's snapshot over HTTP. */
  async snapshot(caseId: string, query = ''): Promise<SnapshotEvent> {
    const { status, text } = await this.request(`/v1/cases/${caseId}/snapshot?${query}`);
    if (status !== 200) throw new Error(`snapshot of ${caseId}: ${status} ${text}`);
    return JSON.parse(text) as SnapshotEvent;
  }

  /** Closes it when the trial ends. */
  closing<T extends { close(): void }>(closable: T): T {
    this.cleanUps.push(() => closable.close());
    return closable;
  }

  async end(): Promise<void> {
    for (const cleanUp of this.cleanUps.reverse()) await cleanUp();
  }
}

/** An answer of `GET /v1/cases/{case_id}/messages`. */
export interface Page {
  readonly events: readonly ({ readonly event: string; readonly id?: string } & Readonly<Record<string, unknown>>)[];
  readonly last_event_id: string;
  readonly more: boolean;
}

/** The content of a message. Its first word is searched for in all logs. */
export const contentOf = (text: string): string => `${CONFIDENTIAL} ${text}`;

/** The texts that a client got, without the word that {@link contentOf} adds. */
export function textsOf(client: { readonly recording: { readonly contents: readonly string[] } }): string[] {
  return client.recording.contents.map((content) => content.slice(CONFIDENTIAL.length + 1));
}

/** Status and code of a refusal. */
export function refusalOf({ status, text }: Exchange): [status: number, code: string] {
  return [status, (JSON.parse(text) as Problem).code];
}
