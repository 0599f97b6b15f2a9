import { request, type IncomingMessage } from 'node:http';

/** What one client of a stream is asked to do. */
export interface ReaderOrder {
  readonly port: number;
  readonly tickets: readonly string[];
  readonly history: number;
  readonly lastEventId?: string;
  /** The id of this event of the replay is reported, counted from 1. */
  readonly remember?: number;
}

/** What it read until `ready`. */
export interface ReaderReport {
  readonly ms: number;
  readonly events: number;
  readonly bytes: number;
  /** Events whose id is not greater than the one before. */
  readonly faults: number;
  readonly remembered: string | null;
  readonly ready: { readonly replayed?: number; readonly recovered?: boolean };
}

const ID = Buffer.from('\nid: ');
const READY = Buffer.from('\nevent: ready\n');
const DATA = Buffer.from('\ndata: ');
const NEWLINE = 10;

/** Reads a stream until `ready`, and looks at the ids only, so that it reads as fast as it can. */
function read(order: ReaderOrder, response: IncomingMessage, began: number): Promise<ReaderReport> {
  let [events, bytes, faults, last, remembered] = [0, 0, 0, '', null as string | null];
  let rest = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const text = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let from = 0;
      for (;;) {
        const at = text.indexOf(ID, from);
        const end = at < 0 ? -1 : text.indexOf('\n\n', at + ID.length);
        if (end < 0) break;
        const id = text.toString('latin1', at + ID.length, text.indexOf(NEWLINE, at + ID.length));
        const ready = text.subarray(at, end + 1);
        if (ready.includes(READY)) {
          const data = ready.subarray(ready.indexOf(DATA) + DATA.length).toString();
          resolve({
            ms: performance.now() - began,
            events,
            bytes,
            faults,
            remembered,
            ready: JSON.parse(data) as object,
          });
          return;
        }
        events += 1;
        faults += id > last ? 0 : 1;
        last = id;
        remembered = events === order.remember ? id : remembered;
        from = end + 1;
      }
      rest = Buffer.from(text.subarray(from));
    });
    response.on('close', () => reject(new Error(`the stream ended after ${events} events`)));
  });
}

process.on('message', (order: ReaderOrder) => {
  const began = performance.now();
  const { port, tickets, history, lastEventId } = order;
  const sent = request({
    ...{ host: '127.0.0.1', port, path: '/v1/events', method: 'POST', agent: false },
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  });
  sent.once('response', (response) => {
    read(order, response, began).then(
      (report) => (process.send?.(report), sent.destroy()),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  sent.on('error', () => undefined);
  sent.end(JSON.stringify({ case_ids: tickets, history, last_event_id: lastEventId }));
});
process.send?.('ready');
