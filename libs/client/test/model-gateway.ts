import type { GatewayEvent, Ready } from '../src/events.js';

/** How many of the last events of a ticket come without a position. */
export const HISTORY = 3;
export const idOf = (offset: number) => `0epoch-${String(offset).padStart(12, '0')}`;

export interface ModelConnection {
  readonly number: number;
  /** What it still sends, in order. */
  readonly queue: GatewayEvent[];
  readonly live: Set<string>;
}

/**
 * A gateway after PROTOCOL.md: each publication has the next id of the feed; a request gets its replay (R1, R2, R5), `ready`
 * (R6), then live events (R7). What a cut connection had not sent is gone.
 */
export class ModelGateway {
  readonly published: { id: string; case_id: string }[] = [];
  readonly connections = new Set<ModelConnection>();

  publish(caseId: string): void {
    const event = { id: idOf(this.published.length + 1), case_id: caseId };
    this.published.push(event);
    for (const { live, queue } of this.connections) if (live.has(caseId)) queue.push(messageEvent(event));
  }

  connect(number: number): ModelConnection {
    const connection = { number, queue: [], live: new Set<string>() };
    this.connections.add(connection);
    return connection;
  }

  end(connection: ModelConnection): void {
    this.connections.delete(connection);
  }

  request(connection: ModelConnection, caseIds: readonly string[], position: string | null): void {
    const wanted = this.published.filter((event) => caseIds.includes(event.case_id));
    const replay =
      position === null
        ? caseIds.flatMap((id) => wanted.filter((event) => event.case_id === id).slice(-HISTORY))
        : wanted.filter((event) => event.id > position);
    replay
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .forEach((event) => connection.queue.push(messageEvent(event)));
    const ready: Ready = {
      case_ids: caseIds,
      language: 'zh-cn',
      last_event_id: idOf(this.published.length),
      recovered: position !== null,
      replayed: replay.length,
      last_answer_at: null,
    };
    connection.queue.push({ name: 'ready', data: ready });
    caseIds.forEach((id) => connection.live.add(id));
  }

  /** Throws unless these are all publications of a ticket after a position, each once and in order, maybe after earlier ones. */
  check(caseId: string, got: readonly string[], position: string): void {
    const all = this.published.filter((event) => event.case_id === caseId).map(({ id }) => id);
    // What came before the subscription may be missing at the begin, and nothing after that.
    expect(got).toEqual(all.slice(all.length - got.length));
    expect(got.length).toBeGreaterThanOrEqual(all.filter((id) => id > position).length);
  }
}

type MessageEvent = Extract<GatewayEvent, { name: 'message' }>;

export const messageEvent = ({ id, case_id }: { id: string; case_id: string }): MessageEvent => ({
  name: 'message',
  data: { id, case_id, message: {}, sent_at: null, seen_at: '' },
});
